import { readFile } from 'node:fs/promises';

/** A process that lives or lived: an id alone is given again to others. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in the system's own words; empty where the system does not say. */
  readonly started: string;
}

/** Marks a process, by default this one. Undefined when there is none of that id. */
export async function markProcess(pid: number = process.pid): Promise<ProcessMark | undefined> {
  return exists(pid) ? { pid, started: (await statusOf(pid))[1] } : undefined;
}

/**
 * Whether that very process still lives; where the system does not say when it started, whether one of its id does. One that has ended
 * and that nobody has collected yet does not.
 */
export async function isAlive({ pid, started }: ProcessMark): Promise<boolean> {
  if (!exists(pid)) return false;
  const [state, now] = await statusOf(pid);
  return state !== 'Z' && (started === '' || now === '' || now === started);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Fields 3 and 22 of `/proc/PID/stat` (proc_pid_stat(5)): the state, and the start in clock ticks since that of the machine. */
async function statusOf(pid: number): Promise<readonly [state: string, start: string]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [fields[0] ?? '', fields[19] ?? ''];
}
