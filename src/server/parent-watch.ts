import { errorCode } from '../support/system-error.js';
/** What a watch looks at; the real process by default. */
export interface ParentWatchOptions {
  /** Milliseconds between two looks; 500 by default. */
  readonly interval?: number;
}

/**
 * Calls `onGone` once when the process that started this one is gone, which a kernel whose manager was killed learns from
 * nobody. `parentPid` is what the manager says it is (`JPY_PARENT_PID`): where a wrapper stands in between, both are watched.
 * Does not keep the process alive.
 *
 * @returns a function that ends the watch
 */
export function watchParent(
  parentPid: number | undefined,
  onGone: () => void,
  { interval = 500 }: ParentWatchOptions = {},
): () => void {
  const { ppid } = process;
  // A pid that means nothing here, such as one of another namespace, says nothing when it is not there.
  const manager = parentPid !== undefined && parentPid !== ppid && isAlive(parentPid) ? parentPid : undefined;
  const orphaned = parentPid !== undefined && parentPid !== ppid && manager === undefined && ppid === 1;
  const timer = setInterval(() => {
    if (!orphaned && process.ppid === ppid && (manager === undefined || isAlive(manager))) return;
    clearInterval(timer);
    onGone();
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
