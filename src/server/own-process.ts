import { watchParent } from './parent-watch.js';
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
