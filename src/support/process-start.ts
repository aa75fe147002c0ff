import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { errorCode } from './system-error.js';

/** The identity of a process: its id alone is used again, by this machine and by others. */
export interface ProcessMark {
  readonly pid: number;
  /** The start, as the system reports it; empty where the system does not. */
  readonly started: string;
  /** The name of the machine. */
  readonly host: string;
  /** The id of the machine's boot on Linux; empty elsewhere. */
  readonly boot: string;
  /** The PID namespace on Linux, within which ids are unique, and of which each container has its own; empty elsewhere. */
  readonly space: string;
}

/** Marks a process, by default this one. Undefined when there is none of that id. */
export async function markProcess(pid: number = process.pid): Promise<ProcessMark | undefined> {
  return processExists(pid) ? { pid, started: (await statusOf(pid))[1], ...(await here()) } : undefined;
}

/** True for a mark that was read from a file. */
export const isProcessMark = (mark: Partial<ProcessMark> | undefined): mark is ProcessMark =>
  Number.isSafeInteger(mark?.pid) &&
  [mark?.started, mark?.host, mark?.boot, mark?.space].every((part) => typeof part === 'string');

/**
 * True while the marked process lives; where the system does not report its start, while any process of its id does. A process that
 * has ended and waits for its parent (a zombie) does not live. One that cannot be seen from here, on another machine or in another
 * container, is assumed to live.
 */
export async function isAlive({ pid, started, host, boot, space }: ProcessMark): Promise<boolean> {
  const now = await here();
  if (host !== now.host) return true;
  if (boot !== now.boot) return false;
  if (space !== now.space) return true;
  if (!processExists(pid)) return false;
  const [state, start] = await statusOf(pid);
  return state !== 'Z' && (started === '' || start === '' || start === started);
}

/**
 * The start of the process with this id, in words that are only good for comparing: process ids are used again, pairs of id and
 * start are not. Undefined when there is no such process, or no way to tell (Windows).
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const [[state, start], { boot }] = await Promise.all([statusOf(pid), here()]);
    return state === '' || state === 'Z' ? undefined : `${boot} ${start}`;
  }
  if (process.platform === 'win32') return undefined;
  const asked = promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  return asked.then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}

/** The scope in which process ids are unique: this machine, and within it this container. Home folders are shared between both. */
export async function processRealm(): Promise<string> {
  const { host, space } = await here();
  return `${host} ${space}`.trim();
}

async function here(): Promise<Pick<ProcessMark, 'host' | 'boot' | 'space'>> {
  const [boot, space] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return { host: hostname(), boot: boot.trim(), space };
}

/** True while a process has this id, also one of another user. */
export function processExists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Fields 3 and 22 of `/proc/PID/stat` (proc_pid_stat(5)): the state, and the start in clock ticks since the boot. The command name before
 * them, in brackets, may itself hold spaces and brackets.
 */
async function statusOf(pid: number): Promise<readonly [state: string, start: string]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [fields[0] ?? '', fields[19] ?? ''];
}
