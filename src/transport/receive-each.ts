import { setTimeout as delay } from 'node:timers/promises';
import { reportUncaught } from '../support/report-uncaught.js';
import type { TimeSlice } from './fair-scheduler.js';

/** Milliseconds until a socket is tried again that could not be received from: long enough not to spin, short enough not to be noticed. */
const PAUSE = 100;

/** A socket that messages come from. */
interface Source {
  readonly closed: boolean;
  receive(): Promise<Buffer[]>;
}

/**
 * Gives every message of `source` to `handle`, in order, until it is closed; the next one not before what `whenReady` returns has
 * resolved, and with `timeSlice` not before it is its turn. Never rejects: what `handle` throws, and what receiving
 * throws while the socket is open, goes to `onFailure`, and the next message is received.
 */
export async function receiveEach(
  source: Source,
  handle: (frames: Buffer[]) => void,
  onFailure: (error: unknown) => void,
  whenReady: () => Promise<void> | undefined = () => undefined,
  timeSlice?: TimeSlice,
): Promise<void> {
  while (!source.closed) {
    const pause = whenReady() ?? timeSlice?.whenReady();
    if (pause !== undefined) {
      await pause;
      continue;
    }
    let frames;
    try {
      frames = await source.receive();
    } catch (error) {
      // A receive that waits while its socket is closed is rejected as well.
      if (source.closed) return;
      attempt(() => onFailure(error));
      await delay(PAUSE);
      continue;
    }
    // A message may be in hand when its socket is closed: messages of a peer that was cut off are dropped.
    if (source.closed) return;
    timeSlice?.begin();
    take(frames, handle, onFailure);
  }
}

function take(frames: Buffer[], handle: (frames: Buffer[]) => void, onFailure: (error: unknown) => void): void {
  attempt(
    () => handle(frames),
    (error) => attempt(() => onFailure(error)),
  );
}

function attempt(act: () => void, onFailure: (error: unknown) => void = reportUncaught): void {
  try {
    act();
  } catch (error) {
    onFailure(error);
  }
}
