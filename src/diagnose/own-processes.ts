import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { currentUser } from '../keys/private-file.js';

/** A process of this user, as Linux describes it (proc(5)). */
export interface OwnProcess {
  readonly pid: number;
  readonly parent: number;
  readonly argv: readonly string[];
  /** True while it runs or could run, if there were a processor for it. */
  readonly isRunnable: boolean;
  /** Clock ticks of CPU time that it has used, with its threads. */
  readonly ticks: number;
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** A clock tick: `USER_HZ` is 100 on every architecture that Node runs on. */
export const MILLISECONDS_PER_TICK = 10;

/**
 * The processes of this user, by their id. Empty where there is no `/proc` (macOS, Windows). `/proc/PID/cmdline` is the process's own text, and
 * no proof of anything. The environment of no process is read.
 */
export async function findOwnProcesses(): Promise<ReadonlyMap<number, OwnProcess>> {
  const [names, bootedAt] = await Promise.all([readdir('/proc').catch(() => []), bootTime()]);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => readOwn(pid, bootedAt)));
  return new Map(found.flatMap((one) => (one === undefined ? [] : [[one.pid, one]])));
}

async function readOwn(pid: number, bootedAt: number): Promise<OwnProcess | undefined> {
  const folder = `/proc/${pid}`;
  const owner = await stat(folder).catch(() => undefined);
  if (owner === undefined || owner.uid !== currentUser()) return undefined;
  const [line, status] = await Promise.all(
    ['cmdline', 'stat'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
  if (!line || !status) return undefined;
  // The name of the command, in brackets, may itself hold spaces and brackets.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  const [parent, user, system, start] = [1, 11, 12, 19].map((index) => Number(fields[index] ?? 0));
  return {
    pid,
    parent: parent ?? 0,
    argv: line.replace(/\0$/, '').split('\0'),
    isRunnable: fields[0] === 'R',
    ticks: (user ?? 0) + (system ?? 0),
    startedAt: bootedAt + (start ?? 0) * MILLISECONDS_PER_TICK,
  };
}

async function bootTime(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '');
  return Number(/^btime (\d+)$/m.exec(text)?.[1] ?? 0) * 1000;
}

/** A process and all that it has started, directly or not. */
export function processTree(pid: number, all: ReadonlyMap<number, OwnProcess>): readonly OwnProcess[] {
  const root = all.get(pid);
  if (root === undefined) return [];
  const tree = [root];
  // Grows while it is read: children of children.
  for (const { pid: parent } of tree) {
    for (const one of all.values()) if (one.parent === parent && !tree.includes(one)) tree.push(one);
  }
  return tree;
}

/** Options by which kernels are given their connection file: ipykernel and those made like it, xeus, jupyter-curve, Deno, tslab. */
const FILE_OPTION =
  /^(?:-f|--f|--?connection[-_]file|--(?:IPKernelApp|KernelApp)\.connection_file|--conn|--config-path)$/i;

/** The absolute path of the connection file in the arguments of a kernel; undefined when there is none. */
export function connectionFileIn(argv: readonly string[]): string | undefined {
  for (const [index, argument] of argv.entries()) {
    const [, option = '', value] = /^(-[^=]*)=(.+)$/.exec(argument) ?? [];
    if (value !== undefined && FILE_OPTION.test(option) && isConnectionPath(value)) return value;
    const next = argv[index + 1];
    if (FILE_OPTION.test(argument) && next !== undefined && isConnectionPath(next)) return next;
  }
  // Some kernels take it as an argument of its own, or inside code (R: IRkernel::main('FILE')).
  return argv
    .slice(1)
    .flatMap((argument) => /(?:^|['"])(\/[^'"]*kernel-[\w-]+\.json)(?:$|['"])/.exec(argument)?.[1] ?? [])[0];
}

const isConnectionPath = (value: string): boolean => value.startsWith('/') && value.endsWith('.json');
