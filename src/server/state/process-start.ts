import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorCode } from '../../support/system-error.js';

/** A process that lives or lived: an id alone is given again to others, and by other machines. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in the system's own words; empty where the system does not say. */
  readonly started: string;
  /** The name of the machine. */
  readonly host: string;
  /** Its boot, as Linux numbers them; empty elsewhere. */
  readonly boot: string;
  /** Within which ids are unique: Linux's PID namespace, which containers have of their own; empty elsewhere. */
  readonly space: string;
}

/** Marks a process, by default this one. Undefined when there is none of that id. */
export async function markProcess(pid: number = process.pid): Promise<ProcessMark | undefined> {
  return exists(pid) ? { pid, started: (await statusOf(pid))[1], ...(await here()) } : undefined;
}

/** Whether that is a mark, read from a file. */
export const isProcessMark = (mark: Partial<ProcessMark> | undefined): mark is ProcessMark =>
  Number.isSafeInteger(mark?.pid) &&
  [mark?.started, mark?.host, mark?.boot, mark?.space].every((part) => typeof part === 'string');

/**
 * Whether that very process still lives; where the system does not say when it started, whether one of its id does. One that has ended
 * and that nobody has collected yet does not. Of what cannot be seen from here, on another machine or in another container, it is taken
 * that it lives.
 */
export async function isAlive({ pid, started, host, boot, space }: ProcessMark): Promise<boolean> {
  const now = await here();
  if (host !== now.host) return true;
  if (boot !== now.boot) return false;
  if (space !== now.space) return true;
  if (!exists(pid)) return false;
  const [state, start] = await statusOf(pid);
  return state !== 'Z' && (started === '' || start === '' || start === started);
}

async function here(): Promise<Pick<ProcessMark, 'host' | 'boot' | 'space'>> {
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return { host: hostname(), boot: boot.trim(), space };
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Fields 3 and 22 of `/proc/PID/stat` (proc_pid_stat(5)): the state, and the start in clock ticks since that of the machine. */
async function statusOf(pid: number): Promise<readonly [state: string, start: string]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [fields[0] ?? '', fields[19] ?? ''];
}
