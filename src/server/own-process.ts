import { processExists } from '../support/process-mark.js';
import type { Kernel } from './kernel.js';

/**
 * Ties the kernel to the process, for a process that is nothing but this kernel: SIGINT interrupts the code that runs, which a
 * terminal sends to every process; SIGTERM, SIGHUP and the death of the parent end the kernel; an uncaught
 * error goes to `onFailure`, and the kernel lives on. All of it is undone when the kernel is closed.
 */
export function ownProcess(kernel: Kernel, env: NodeJS.ProcessEnv, onFailure: (error: unknown) => void): void {
  const end = (): void => void kernel.close();
  const handlers: readonly (readonly [string, (error: unknown) => void])[] = [
    ['SIGINT', () => kernel.interrupt()],
    ['SIGTERM', end],
    ['SIGHUP', end],
    ['uncaughtException', onFailure],
    ['unhandledRejection', onFailure],
  ];
  for (const [event, handler] of handlers) process.on(event, handler);
  const parentPid = Number(env['JPY_PARENT_PID']);
  const unwatch = watchParent(Number.isSafeInteger(parentPid) && parentPid > 0 ? parentPid : undefined, end);
  const undo = async (): Promise<void> => {
    await kernel.closed;
    unwatch();
    for (const [event, handler] of handlers) process.off(event, handler);
  };
  void undo();
}

/** Milliseconds between two looks. */
const PARENT_INTERVAL = 500;

/**
 * Calls `onGone` once when the process that started this one is gone, which nothing else tells a kernel whose manager was
 * killed. `parentPid` is what the manager says it is (`JPY_PARENT_PID`): where a wrapper stands in between, both are watched.
 * Does not keep the process alive.
 *
 * @returns a function that ends the watch
 */
function watchParent(parentPid: number | undefined, onGone: () => void): () => void {
  const { ppid } = process;
  // A pid that means nothing here, such as one of another namespace, says nothing when it is not there.
  const manager = parentPid !== undefined && parentPid !== ppid && processExists(parentPid) ? parentPid : undefined;
  const orphaned = parentPid !== undefined && parentPid !== ppid && manager === undefined && ppid === 1;
  const timer = setInterval(() => {
    if (!orphaned && process.ppid === ppid && (manager === undefined || processExists(manager))) return;
    clearInterval(timer);
    onGone();
  }, PARENT_INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
