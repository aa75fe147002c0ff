import type { ChildProcess } from 'node:child_process';
import { startWatchdogProcess } from '../support/watchdog-process.js';

/** Once this process is dead, ends the session `$1` and removes the files and folders in the remaining arguments. */
const SCRIPT = `
group=$1; shift
read -r word && exit 0
kill -s TERM -- "-$group"
for second in 1 2; do kill -s 0 -- "-$group" || break; sleep 1; done
kill -s KILL -- "-$group"
for file; do rm -f -- "$file" || rmdir -- "$file"; done
`;

/**
 * Makes a child and all of its session end when this process does, also for kernels that do not watch their parent
 * (`JPY_PARENT_PID`). Returns the function to call once the child has ended. Without a watchdog, the kernel's own watch and the sweep at the
 * next start remain.
 */
export function watchOver(child: ChildProcess, leftovers: readonly string[]): () => void {
  if (child.pid === undefined) return () => undefined;
  return startWatchdogProcess('jupyter-curve-watchdog', SCRIPT, [String(child.pid), ...leftovers]).release;
}
