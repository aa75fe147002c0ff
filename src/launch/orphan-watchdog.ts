import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

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
  if (process.platform === 'win32' || child.pid === undefined) return () => undefined;
  const watchdog = spawn('/bin/sh', ['-c', SCRIPT, 'jupyter-curve-watchdog', String(child.pid), ...leftovers], {
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell, the kernel's own watch and sweepOrphans at the next start remain.
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  return () => void watchdog.stdin.end('done\n');
}
