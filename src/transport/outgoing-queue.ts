import { errorCode } from '../support/system-error.js';

/** The part of a socket that a queue sends through. Its send timeout is 0, so a send is done, or refused, when the call returns. */
export interface Sink {
  /** Rejects with `EAGAIN` while the peer has no room, and with `EHOSTUNREACH` when there is no such peer. */
  send(frames: Uint8Array[]): Promise<void>;
}

/** The observer of an {@link OutgoingQueue}. */
export interface OutgoingQueueOptions {
  /** Called when fewer messages wait than before: one was taken, or all were dropped. */
  readonly onTaken?: () => void;
  /** Called each time the peer has no room, with the milliseconds since it last had. */
  readonly onRefused?: (milliseconds: number) => void;
}

interface Outgoing {
  readonly frames: Uint8Array[];
  readonly bytes: number;
}

/**
 * libzmq does not say when there is room again. The first attempts are in the next turns of the event loop, where a peer that reads has
 * made room for small messages; the others so many milliseconds apart, and after {@link SHORT_RETRIES} refusals farther.
 */
const IMMEDIATE_RETRIES = 3;
const [RETRY_DELAY, LONG_RETRY_DELAY] = [1, 10];
const SHORT_RETRIES = 50;
/** Messages sent in one turn of the event loop. */
const SENDS_PER_TURN = 256;
/** Messages that have left the front of the list before their places are given back. */
const COMPACT_AFTER = 1_024;

/**
 * Messages for one peer, or for all subscribers, in order. A message that the socket takes at once is not kept; the others wait here,
 * where their bytes are known, and not in libzmq, which counts messages only. The queue itself has no limit: its owner looks
 * at {@link bytes} before it adds.
 *
 * libzmq's own mark stays constant and low. It must never be lowered on a live socket: a peer acknowledges every half mark, so a pipe
 * that holds more than the new mark counts as full, nothing is sent, and nothing is acknowledged ever again.
 */
export class OutgoingQueue {
  readonly #sink: Sink;
  readonly #options: OutgoingQueueOptions;
  #waiting: (Outgoing | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  #sending = false;
  #run = 0;
  #refusals = 0;
  #refusedAt = 0;
  #whenEmpty: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(sink: Sink, options: OutgoingQueueOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Bytes of all messages that the socket has not taken. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#first === this.#waiting.length;
  }

  /** Sends a message after those before it. Never throws, never waits. The frames are not copied. */
  push(frames: Uint8Array[], bytes: number): void {
    this.#waiting.push({ frames, bytes });
    this.#bytes += bytes;
    if (!this.#sending) this.#sendFirst();
  }

  /** Sends a message after the first of those that wait, and before all others. */
  pushSecond(frames: Uint8Array[], bytes: number): void {
    if (this.isEmpty) return this.push(frames, bytes);
    this.#waiting.splice(this.#first + 1, 0, { frames, bytes });
    this.#bytes += bytes;
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.isEmpty) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Drops everything that waits. */
  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#waiting = [];
    this.#first = this.#bytes = this.#refusals = this.#run = 0;
    this.#sending = false;
    this.#tellTaken();
  }

  #sendFirst(): void {
    const first = this.#waiting[this.#first];
    this.#sending = first !== undefined;
    if (first === undefined) {
      this.#run = 0;
      return;
    }
    try {
      this.#sink.send(first.frames).then(
        () => this.#taken(first),
        (error: unknown) => this.#refused(first, error),
      );
    } catch {
      // The socket is closed.
      this.clear();
    }
  }

  #taken(message: Outgoing): void {
    if (!this.#drop(message)) return;
    this.#refusals = 0;
    this.#tellTaken();
    if (++this.#run % SENDS_PER_TURN !== 0) return this.#sendFirst();
    // Promises that settle at once would keep the event loop from everything else.
    this.#turn = setImmediate(() => this.#sendFirst());
  }

  #refused(message: Outgoing, error: unknown): void {
    if (message !== this.#waiting[this.#first]) return;
    if (errorCode(error) !== 'EAGAIN') return this.clear();
    const now = performance.now();
    if (this.#refusals++ === 0) this.#refusedAt = now;
    this.#run = 0;
    if (this.#refusals <= IMMEDIATE_RETRIES) this.#turn = setImmediate(() => this.#sendFirst());
    else
      this.#timer = setTimeout(
        () => this.#sendFirst(),
        this.#refusals <= SHORT_RETRIES ? RETRY_DELAY : LONG_RETRY_DELAY,
      );
    this.#options.onRefused?.(now - this.#refusedAt);
  }

  #tellTaken(): void {
    this.#options.onTaken?.();
    if (this.#whenEmpty.length === 0 || !this.isEmpty) return;
    const resolved = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of resolved) resolve();
  }

  /** False when the queue was cleared while the message was sent. */
  #drop(message: Outgoing): boolean {
    if (message !== this.#waiting[this.#first]) return false;
    this.#bytes -= message.bytes;
    this.#waiting[this.#first++] = undefined;
    if (this.#first === this.#waiting.length) this.#waiting.length = this.#first = 0;
    else if (this.#first >= COMPACT_AFTER && this.#first * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    return true;
  }
}
