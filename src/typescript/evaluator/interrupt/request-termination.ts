/**
 * The main thread's side of a termination: it ends what runs, if that is the user's.
 *
 * A termination that V8 is asked for from another thread ends whatever JavaScript runs next. When the main thread is idle, or merely
 * late, that is Node's own or the evaluator's, which then loses what it was reading: the next cell, perhaps. So the control thread only
 * has this function evaluated on the main thread, which V8 does in the middle of what runs there; and what runs there is on the stack.
 */
import { Session } from 'node:inspector';
import { ORIGINAL, type Builtins } from '../builtins.js';
import { frameIsOf } from '../internals.js';
import type { CellRunner } from '../run/cell-runner.js';
import { FLAGS } from '../thread-flags.js';

const { Atomics, isArray } = ORIGINAL;
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, setPrototypeOf } = ORIGINAL.Reflect;
const ROOT = Object.prototype;

/** The evaluator's files whose frames do not tell whether user code runs: they read requests, or are called by everything. */
const isNeutral = frameIsOf(['evaluator-main.js', 'interrupt/uninterruptible.js', 'pipe-to-kernel.js']);
const MAX_FRAMES = 200;

/**
 * Returns the `requestTermination` that the control thread evaluates with the number of an interrupt. It does nothing if that interrupt
 * was handled, or if no user code runs. `noteTermination` is called with the frames of what it terminates.
 */
export function createRequestTermination(
  flags: Int32Array,
  builtins: Builtins,
  { noteTermination, isEnding }: Pick<CellRunner, 'noteTermination' | 'isEnding'>,
): (number: number) => void {
  const session = new Session();
  session.connect();
  // Taken before a cell can replace it.
  const { captureStackTrace } = Error;
  const clearAsyncIds = asyncIdClearer();

  /** The frames below this function and the expression that calls it; undefined while user code formats a stack itself. */
  const framesBelow = (): NodeJS.CallSite[] | undefined => {
    const { prepareStackTrace, stackTraceLimit } = Error;
    const holder: { stack?: unknown } = {};
    try {
      Error.stackTraceLimit = MAX_FRAMES;
      Error.prepareStackTrace = (_error, sites) => sites;
      captureStackTrace(holder, requestTermination);
      return isArray(holder.stack) ? (holder.stack as NodeJS.CallSite[]).slice(1) : undefined;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      Error.prepareStackTrace = prepareStackTrace;
    }
  };

  const isUserCodeBelow = (): boolean => {
    const sites = framesBelow();
    if (sites?.some(isUserCode) === false) return false;
    try {
      if (sites !== undefined) noteTermination(sites);
    } catch {
      // A cell that has exhausted its stack leaves no room for this; it is terminated all the same.
    }
    return true;
  };

  const terminate = (): void => {
    // Node writes its command to V8 as JSON, which a cell may have meddled with.
    const meddler = getOwnPropertyDescriptor(ROOT, 'toJSON');
    if (meddler !== undefined) {
      setPrototypeOf(meddler, null);
      deleteProperty(ROOT, 'toJSON');
    }
    Atomics.store(flags, FLAGS.terminating, 1);
    session.post('Runtime.terminateExecution', () => Atomics.store(flags, FLAGS.terminating, 0));
    // From here on no loop and no function of JavaScript's: the termination would take it for the user's code.
    if (meddler !== undefined) defineProperty(ROOT, 'toJSON', meddler);
  };

  const requestTermination = (number: number): void => {
    const isHandled = Atomics.load(flags, FLAGS.interruptSeen) >= number;
    if (isHandled || Atomics.load(flags, FLAGS.uninterruptible) === 1 || isEnding()) return;
    if (!builtins.run(isUserCodeBelow)) return;
    clearAsyncIds?.();
    terminate();
  };
  return requestTermination;
}

/**
 * Clears what async_hooks keep of the callbacks that run now. Where a cell uses them, or `AsyncLocalStorage`, which Node 20 builds on
 * them, each callback has an entry that is removed at its end. A terminated one never comes to its end, and Node aborts the process
 * when it finds the entry. Undefined where Node has no such function, nor the need for it.
 */
function asyncIdClearer(): (() => void) | undefined {
  const { binding } = process as { binding?: (name: string) => { clearAsyncIdStack?: () => void } };
  const { noDeprecation } = process;
  try {
    process.noDeprecation = true;
    return binding?.('async_wrap').clearAsyncIdStack;
  } catch {
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation === true;
  }
}

/** Whether a frame is user code, or what the evaluator does on its behalf, such as showing a result. */
function isUserCode(site: NodeJS.CallSite): boolean {
  const file = site.getFileName() ?? '';
  return file === '' ? site.isEval() : !file.startsWith('node:') && !isNeutral(site);
}
