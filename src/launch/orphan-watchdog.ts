import type { ChildProcess } from 'node:child_process';
import { startWatchdogProcess } from '../support/watchdog-process.js';

/**
 * Reads a word when the child has ended, and the end of the file when the process that held the pipe is dead, even by SIGKILL. Then it ends
 * the session `$1` and removes the files in the remaining arguments. A POSIX shell takes a megabyte and starts fast.
 */
const SCRIPT = `
group=$1; shift
read -r word && exit 0
kill -s TERM -- "-$group"
for second in 1 2; do kill -s 0 -- "-$group" || break; sleep 1; done
kill -s KILL -- "-$group"
for file; do rm -f -- "$file" || rmdir -- "$file"; done
`;

/**
 * Starts a watchdog that ends a child and all of its session when this process ends, also for kernels that do not watch their parent
 * (`JPY_PARENT_PID`). Returns a function to call once the child has ended.
 */
export function startOrphanWatchdog(child: ChildProcess, leftovers: readonly string[]): () => void {
  // Without a watchdog, the kernel's own watch and sweepOrphans at the next start remain.
  if (child.pid === undefined) return () => undefined;
  return startWatchdogProcess('jupyter-curve-watchdog', SCRIPT, [String(child.pid), ...leftovers]).release;
}
