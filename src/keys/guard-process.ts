import { writeFileSync } from 'node:fs';
import inspector from 'node:inspector';

/** Milliseconds at which to look for an inspector, until Node has certainly handled a signal that came before {@link guardProcess}. */
const CHECK_DELAYS = [0, 10, 100, 1000];

/**
 * Keeps the keys of this process inside it. Call it first, and only in a process of our own: a library does not own its process.
 *
 * - SIGUSR1, with which schedulers announce the end of a job (`sbatch --signal=USR1`), no longer opens Node's inspector, which has no
 *   password. One that was opened before is closed.
 * - A core file holds none of the memory of this process and of those it starts (Linux: `/proc/self/coredump_filter`, core(5)).
 */
export function guardProcess(): void {
  // A listener takes the place of Node's own handler.
  if (!process.listeners('SIGUSR1').includes(ignore)) process.on('SIGUSR1', ignore);
  for (const delay of CHECK_DELAYS) setTimeout(closeInspector, delay).unref();
  closeInspector();
  setCoreFilter('0');
}

/** Has core files of this process hold its memory, as is Linux' default: for a process without keys that {@link guardProcess} started. */
export function allowCores(): void {
  setCoreFilter('0x33');
}

function ignore(): void {}

/** An inspector that the command line asks for stays open. */
function closeInspector(): void {
  const isRequested = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((each) =>
    each.includes('--inspect'),
  );
  if (!isRequested && inspector.url() !== undefined) inspector.close();
}

function setCoreFilter(bits: string): void {
  try {
    writeFileSync('/proc/self/coredump_filter', bits);
  } catch {
    // No Linux, or a kernel built without core files.
  }
}
