import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Reads the process group to guard, then a word when all is well. The end of the file instead says that the kernel is dead, even by
 * SIGKILL. POSIX shell: a megabyte, and no start-up to speak of.
 */
const SCRIPT = `
read -r group || exit 0
read -r word && exit 0
kill -s KILL -- "-$group"
`;

/** Ends an evaluator whose kernel is dead. */
export interface EvaluatorWatchdog {
  /** Guards the group of that process from now on. */
  guard(pid: number): void;
  /** The evaluator has ended: nothing is left to guard. */
  release(): void;
}

/**
 * Starts a process that ends an evaluator when this process dies. The evaluator looks after that itself, in two threads; but before they
 * listen, or when the process is stopped (SIGSTOP), only another process can. Start it before the evaluator.
 */
export function startEvaluatorWatchdog(): EvaluatorWatchdog {
  if (process.platform === 'win32') return { guard: () => undefined, release: () => undefined };
  const watchdog = spawn('/bin/sh', ['-c', SCRIPT, 'jupyter-curve-evaluator-watchdog'], {
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell the evaluator's own threads remain.
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  if (watchdog.stdin instanceof Socket) watchdog.stdin.unref();
  return {
    guard: (pid) => void watchdog.stdin.write(`${pid}\n`),
    release: () => void watchdog.stdin.end('done\n'),
  };
}
