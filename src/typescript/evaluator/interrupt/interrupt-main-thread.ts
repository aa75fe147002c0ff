/**
 * Interrupts, as the control thread carries them out.
 *
 * 1. The kernel sends each interrupt to both threads. A main thread that is free handles it at once, by rejecting what its cells wait for
 *    (`CellRunner.interrupt`), so that their `finally` blocks run.
 * 2. Where it does not, it may be busy: the control thread has it evaluate `requestTermination` through the inspector, which V8 does in
 *    the middle of what runs.
 * 3. There the main thread decides by its own stack (`request-termination.ts`). If user code runs, V8 terminates it up to the boundary
 *    that the cell was started in (`termination-boundary.ts`).
 * 4. The interrupt is sent to the main thread once more, since a termination may have lost the first, and all is repeated until it has
 *    been handled.
 */
import { Session } from 'node:inspector';
import { kill } from 'node:process';
import type { MessagePort } from 'node:worker_threads';
import type { Interrupt } from '../../pipe/pipe-messages.js';
import { RUNTIME } from '../compile/runtime-name.js';
import { FLAGS } from '../thread-flags.js';

/** Milliseconds that the main thread has to handle an interrupt by itself. */
const GRACE_MS = 2;
/** Milliseconds between two attempts. */
const RETRY_MS = 20;
/** Milliseconds before the first attempt when no cell runs: a callback of an earlier cell is terminated only when it is stuck. */
const IDLE_MS = 250;

/** Returns the function that carries out an interrupt. `port` leads to the main thread. */
export function createMainThreadInterrupt(flags: Int32Array, port: MessagePort): (interrupt: Interrupt) => void {
  const attempt = (interrupt: Interrupt): void => {
    const seen = Atomics.load(flags, FLAGS.interruptSeen);
    if (seen >= interrupt.number) return;
    if (Atomics.wait(flags, FLAGS.interruptSeen, seen, GRACE_MS) !== 'timed-out') return;
    // The process leads a group of its own and ignores SIGINT itself, so this reaches exactly what cells have started.
    if (Atomics.load(flags, FLAGS.child) === 1) kill(0, 'SIGINT');
    sendTerminationRequest(flags, interrupt.number);
    port.postMessage(interrupt);
    setTimeout(() => attempt(interrupt), RETRY_MS);
  };
  return (interrupt) => {
    if (interrupt.executions.length > 0) attempt(interrupt);
    else setTimeout(() => attempt(interrupt), IDLE_MS);
  };
}

/**
 * One at a time. If the main thread is uninterruptible, the request waits for the end of that. The session is open for that time only:
 * with an open one, an ending process prints that it waits for a debugger.
 */
function sendTerminationRequest(flags: Int32Array, number: number): void {
  if (Atomics.exchange(flags, FLAGS.terminationRequested, 1) === 1) return;
  if (Atomics.load(flags, FLAGS.uninterruptible) === 1) Atomics.wait(flags, FLAGS.uninterruptible, 1, RETRY_MS);
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression: `${RUNTIME}.requestTermination(${number})`, silent: true }, () => {
    Atomics.store(flags, FLAGS.terminationRequested, 0);
    session.disconnect();
  });
}
