import { basename } from 'node:path';
import type { KernelStatus } from '../../diagnose/kernel-status.js';
import { table } from './output.js';

const HEADING = ['KERNEL', 'ENCRYPTED', 'BY', 'STATE', 'PID', 'SINCE', 'FILE'];

/** Options of {@link formatStatus}. */
export interface StatusTextOptions {
  /** Number of connection files whose kernel is gone. */
  readonly gone: number;
  /** The present, in milliseconds since 1970. */
  readonly now: number;
  /** Lines are cut to so many characters. Default: not at all. */
  readonly columns?: number;
  /** Lines that do not fit are counted in the last one. Default: all are shown. */
  readonly rows?: number;
}

/** One screen about these kernels: a line for each, below it a line for each of its clients. */
export function formatStatus(kernels: readonly KernelStatus[], options: StatusTextOptions): string {
  const { gone, now, columns = Infinity, rows = Infinity } = options;
  const lines: string[] = [];
  if (kernels.length === 0) lines.push('no kernel of yours runs');
  else {
    const [heading = '', ...each] = table([HEADING, ...kernels.map((one) => kernelRow(one, now))]).split('\n');
    lines.push(heading);
    for (const [index, kernel] of kernels.entries()) lines.push(each[index] ?? '', ...clientLines(kernel, now));
  }
  if (gone > 0) lines.push(`${gone === 1 ? '1 file' : `${gone} files`} of kernels that are gone`);
  const shown = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return shown.map((line) => cut(line.trimEnd(), columns)).join('\n');
}

function kernelRow(kernel: KernelStatus, now: number): string[] {
  const { kernel: name = '-', protection, relays, state = '-', pid, startedAt, file } = kernel;
  return [
    name,
    ANSWERS[protection],
    relays === undefined ? (protection === 'encrypted' ? 'itself' : '-') : 'relay',
    state,
    pid === undefined ? '-' : String(pid),
    startedAt === undefined ? '-' : clock(startedAt, now),
    basename(file),
  ];
}

const ANSWERS: Readonly<Record<KernelStatus['protection'], string>> = {
  encrypted: 'yes',
  plain: 'no',
  partly: 'IN PART',
  unproven: 'unproven',
  'wrong-key': 'WRONG KEY',
  silent: 'no answer',
  gone: 'no answer',
  looking: '…',
  unknown: 'not asked',
};

function clientLines({ clients = [], problem }: KernelStatus, now: number): string[] {
  const rows = clients.map(({ name, roles, address, since }) => [
    `  ${name}`,
    roles.join(','),
    `from ${address}`,
    `since ${clock(since, now)}`,
  ]);
  return [
    ...(rows.length > 0 ? table(rows).split('\n') : []),
    ...(problem === undefined ? [] : [table([[`  ${problem}`]])]),
  ];
}

/** The time of a moment of today, the day of any other, in the local time zone. */
function clock(time: string, now: number): string {
  const [date, today] = [new Date(time), new Date(now)];
  const day = (one: Date): string => `${one.getFullYear()}-${two(one.getMonth() + 1)}-${two(one.getDate())}`;
  return day(date) === day(today) ? `${two(date.getHours())}:${two(date.getMinutes())}` : day(date);
}

const two = (number: number): string => String(number).padStart(2, '0');

const cut = (line: string, columns: number): string =>
  line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;

/** The same as one value for programs. Times are in ISO 8601. */
export function statusJson(
  kernels: readonly KernelStatus[],
  { gone, now }: Pick<StatusTextOptions, 'gone' | 'now'>,
): object {
  return {
    time: new Date(now).toISOString(),
    kernels: kernels.map((kernel) => ({
      file: kernel.file,
      kernel: kernel.kernel ?? null,
      relays: kernel.relays ?? null,
      pid: kernel.pid ?? null,
      started_at: kernel.startedAt ?? null,
      protection: kernel.protection,
      mechanisms: kernel.mechanisms ?? null,
      state: kernel.state ?? null,
      state_from: kernel.stateFrom ?? null,
      clients: kernel.clients ?? null,
      problem: kernel.problem ?? null,
    })),
    gone,
  };
}
