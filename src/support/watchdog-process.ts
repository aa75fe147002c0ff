import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** A process that notices the death of this one. */
export interface WatchdogProcess {
  /** Sends the script a line on its standard input. */
  readonly write: (line: string) => void;
  /** Sends the script the line `done`: there is nothing left to watch. */
  readonly release: () => void;
}

/**
 * Starts a POSIX shell that runs `script` in a session of its own: a megabyte, and no start-up to speak of. The script reads lines from
 * this process; the end of the file in place of a line says that this process is dead, even by SIGKILL. `name` is its `$0`. Where
 * there is no shell, nothing watches.
 */
export function startWatchdogProcess(
  name: string,
  script: string,
  arguments_: readonly string[] = [],
): WatchdogProcess {
  const watchdog = spawn('/bin/sh', ['-c', script, name, ...arguments_], {
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const { stdin } = watchdog;
  watchdog.on('error', () => undefined);
  stdin.on('error', () => undefined);
  watchdog.unref();
  if (stdin instanceof Socket) stdin.unref();
  return { write: (line) => void stdin.write(`${line}\n`), release: () => void stdin.end('done\n') };
}
