import { writeFileSync } from 'node:fs';
import inspector from 'node:inspector';

/** Milliseconds after which Node has certainly acted on a signal that came before {@link guardProcess}. */
const LOOKS = [0, 10, 100, 1000];

/**
 * Keeps the keys of this process inside it. Call it first, in a process that is nothing but ours; a library's process is its owner's.
 *
 * - SIGUSR1, with which schedulers announce the end of a job (`sbatch --signal=USR1`), no longer opens Node's inspector, which has no
 *   password. One that was opened before is closed.
 * - A core file holds none of the memory of this process and of those it starts (Linux: `/proc/self/coredump_filter`, core(5)).
 */
export function guardProcess(): void {
  // A listener takes the place of Node's own handler.
  if (!process.listeners('SIGUSR1').includes(ignore)) process.on('SIGUSR1', ignore);
  for (const delay of LOOKS) setTimeout(closeInspector, delay).unref();
  closeInspector();
  setCoreFilter('0');
}

/** Has core files of this process hold its memory, as is Linux' default: for a process without keys that {@link guardProcess} started. */
export function allowCores(): void {
  setCoreFilter('0x33');
}

function ignore(): void {}

/** An inspector that was asked for on the command line is its user's wish. */
function closeInspector(): void {
  const isWished = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((each) => each.includes('--inspect'));
  if (!isWished && inspector.url() !== undefined) inspector.close();
}

function setCoreFilter(bits: string): void {
  try {
    writeFileSync('/proc/self/coredump_filter', bits);
  } catch {
    // No Linux, or a kernel built without core files.
  }
}
