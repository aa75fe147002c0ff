import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { isDeepStrictEqual, promisify } from 'node:util';
import { isObject } from './is-object.js';
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

/** Marks a process, by default this one. Undefined when there is none of that id, or only one that has ended (a zombie). */
export async function markProcess(pid: number = process.pid): Promise<ProcessMark | undefined> {
  const [state, started] = processExists(pid) ? await statusOf(pid) : ['Z', ''];
  return state === 'Z' ? undefined : { pid, started, ...(await here()) };
}

/** True for a mark that was read from a file. */
export const isProcessMark = (mark: unknown): mark is ProcessMark =>
  isObject(mark) &&
  Number.isSafeInteger(mark['pid']) &&
  ['started', 'host', 'boot', 'space'].every((part) => typeof mark[part] === 'string');

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
  const found = await markProcess(pid);
  return found !== undefined && (started === '' || found.started === '' || found.started === started);
}

/** True only if a process that is seen from here is the marked one for certain: it may be ended. */
export const isCertainlyAlive = async (mark: ProcessMark): Promise<boolean> =>
  mark.started !== '' && isDeepStrictEqual(await markProcess(mark.pid), mark);

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
 * The state of a process, of which `Z` is a zombie, and its start: on Linux fields 3 and 22 of `/proc/PID/stat` (proc_pid_stat(5)), elsewhere what
 * `ps` says. The command name before the fields, in brackets, may itself hold spaces and brackets.
 */
async function statusOf(pid: number): Promise<readonly [state: string, start: string]> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [fields[0] ?? '', fields[19] ?? ''];
  }
  // The same words for each process that asks.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  const asked = promisify(execFile)('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], { env });
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  const [, state = '', start = ''] = /^\s*(\S)\S*\s+(.*\S)/.exec(stdout) ?? [];
  return [state, start];
}
