import type { ChildProcess } from 'node:child_process';
import { startWatchdogProcess } from '../support/watchdog-process.js';

/**
 * Reads lines until `done`. The end of the file means that the process that held the pipe is dead, even by SIGKILL: then the inner kernel is
 * killed at once. The manager may start the next kernel now, and two would run; and a stopped process does not take TERM at all.
 */
const SCRIPT = `
folder=$1; group=
while read -r word value; do
  case $word in done) exit 0 ;; group) group=$value ;; esac
done
test -n "$group" && kill -s KILL -- "-$group"
rm -r -f -- "$folder"
`;

/** Watches this process on behalf of the inner kernel. */
export interface InnerWatchdog {
  /** Has the process, and its group, killed when this process is dead. */
  watch(child: ChildProcess): void;
  /** There is nothing left to watch. */
  release(): void;
}

/** Starts a watchdog that removes `folder`, and kills the kernel it is told of, when this process ends without releasing it. */
export function startInnerWatchdog(folder: string): InnerWatchdog {
  const watchdog = startWatchdogProcess('jupyter-curve-watchdog', SCRIPT, [folder]);
  return {
    watch: ({ pid }) => watchdog.write(`group ${pid}`),
    release: watchdog.release,
  };
}
