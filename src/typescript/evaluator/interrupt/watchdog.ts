/**
 * The evaluator's second thread. It listens to the kernel while the main thread is busy: it terminates a spinning cell,
 * brings answers and fences to a blocked one, and ends the process when the kernel is gone.
 *
 * The kernel tells the main thread of an interrupt as well. Only when that does not answer at once may it be busy, and only
 * then is it struck: a cell that merely waits is stopped by rejecting what it waits for, so that its `finally` blocks run.
 */
import { Session } from 'node:inspector';
import { Socket } from 'node:net';
import { kill, pid } from 'node:process';
import { workerData, type MessagePort } from 'node:worker_threads';
import { createFrameReader } from '../../pipe/pipe-frames.js';
import type { Interrupt, WatchdogOrder } from '../../pipe/pipe-messages.js';
import { createBuiltins } from '../run/builtins.js';
import { openPipeToKernel, type SharedPipe } from '../pipe-to-kernel.js';
import { RUNTIME } from '../compile/runtime-name.js';
import { FLAGS } from './thread-flags.js';

/** What the main thread gives the watchdog. */
export interface WatchdogData {
  readonly pipe: SharedPipe;
  /** Answers to blocking questions, and interrupts whose first notice was lost to the termination itself. */
  readonly port: MessagePort;
  readonly descriptor: number;
}

const PING_MS = 2;
const AGAIN_MS = 20;
/** The patience with the main thread when no cell runs: a callback of an earlier cell must be stuck to be struck. */
const IDLE_MS = 250;
/** How long printed text may wait for the main thread to write it out. */
const FLUSH_MS = 3;

const { pipe, port, descriptor } = workerData as WatchdogData;
const { flags } = pipe;
const { flush } = openPipeToKernel(pipe, createBuiltins(), () => {});

const reader = createFrameReader();
const orders = new Socket({ fd: descriptor, readable: true, writable: false });
orders.on('data', (chunk: Buffer) => {
  for (const { value } of reader.push(chunk)) obey(value as unknown as WatchdogOrder);
});
orders.on('error', endProcess);
orders.on('close', endProcess);

// The main thread has printed: it gets a moment to write that out itself, which a cell that spins then does not do.
port.on('message', () =>
  setTimeout(() => {
    Atomics.store(flags, FLAGS.flushing, 0);
    flush();
  }, FLUSH_MS),
);

function obey(order: WatchdogOrder): void {
  switch (order.type) {
    case 'interrupt':
      if (order.executions.length > 0) stop(order);
      else setTimeout(() => stop(order), IDLE_MS);
      break;
    case 'fence':
      Atomics.store(flags, FLAGS.fence, order.number);
      Atomics.notify(flags, FLAGS.fence);
      break;
    case 'answer':
      port.postMessage(order);
      Atomics.add(flags, FLAGS.answers, 1);
      Atomics.notify(flags, FLAGS.answers);
      break;
  }
}

function stop(order: Interrupt): void {
  const { number } = order;
  const before = Atomics.load(flags, FLAGS.seen);
  if (before >= number) return;
  if (Atomics.wait(flags, FLAGS.seen, before, PING_MS) !== 'timed-out') return;
  if (Atomics.load(flags, FLAGS.child) === 1) signalChildren();
  strike(number);
  port.postMessage(order);
  setTimeout(() => stop(order), AGAIN_MS);
}

/**
 * Has the main thread ask itself whether it is to be terminated; one at a time. Where it is in a guarded stretch, it waits
 * at the end of that. The session is there for that only: with one that is open, an ending process tells the notebook that it
 * waits for a debugger.
 */
function strike(number: number): void {
  if (Atomics.exchange(flags, FLAGS.striking, 1) === 1) return;
  if (Atomics.load(flags, FLAGS.guarded) === 1) Atomics.wait(flags, FLAGS.guarded, 1, AGAIN_MS);
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression: `${RUNTIME}.strike(${number})`, silent: true }, () => {
    Atomics.store(flags, FLAGS.striking, 0);
    session.disconnect();
  });
}

/** The process leads a group of its own and ignores SIGINT itself, so this reaches exactly what cells have started. */
function signalChildren(): void {
  kill(0, 'SIGINT');
}

function endProcess(): void {
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    kill(pid, 'SIGKILL');
  }
}
