import { readFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { tipOf, verifyAudit, type AuditReport, type AuditTip } from '../../access/audit/audit-chain.js';
import { CurveKernelError } from '../../errors.js';
import { defaultAuditFile } from '../options/default-audit-file.js';
import { printJson, printNote, printResult, table } from '../output/output.js';
import { reportFailure } from '../output/report-failure.js';
import { usageError } from '../output/usage-error.js';

interface AuditArguments {
  readonly file: string;
  readonly verify: boolean;
  readonly tip: string | undefined;
  readonly json: boolean;
}

/** `audit`: what happened at a kernel's doors, and whether the account of it is whole. */
export const auditCommand: CommandModule<object, AuditArguments> = {
  command: 'audit <file>',
  describe: "Show or verify the record of a kernel's doors",
  builder: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'An audit (.jsonl), or the connection file (.json) of its kernel',
      })
      .option('verify', {
        type: 'boolean',
        default: false,
        describe: 'Check that no line was changed, added or removed',
      })
      .option('tip', {
        type: 'string',
        requiresArg: true,
        describe: 'And that it goes on from what --verify once printed',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  handler: audit,
};

async function audit({ file, verify, tip, json }: AuditArguments): Promise<void> {
  const source = await auditFileOf(file);
  const lines = await readLines(source);
  if (verify || tip !== undefined)
    return showReport(source, lines, tip === undefined ? undefined : parseTip(tip), json);
  const records = lines.map((line, index) => parseLine(line, index, source));
  if (json) printJson(records);
  else printResult(table([HEADING, ...records.map(row)]));
}

/** The audit that `file` is, or that the kernel of this connection file has by default. */
async function auditFileOf(file: string): Promise<string> {
  return file.endsWith('.json') ? defaultAuditFile(file) : file;
}

async function readLines(file: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n');
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } catch (cause) {
    throw new CurveKernelError('audit-broken', `${file} cannot be read`, {
      hint: 'a kernel has an audit once it has let somebody in; check the path',
      cause,
      data: { file },
    });
  }
}

function showReport(source: string, lines: readonly string[], tip: AuditTip | undefined, json: boolean): void {
  const report = verifyAudit(lines, tip);
  if (json) printJson(report.ok ? { ...report, tip: formatTip(lines) } : report);
  if (!report.ok) return reportFailure(broken(source, report));
  if (json) return;
  if (!report.closed) printNote('it has no end: its kernel still runs or was killed, or the last lines were removed');
  printNote(`all ${report.lines} lines are in order, up to`);
  printResult(formatTip(lines));
}

function broken(source: string, { problem }: AuditReport): CurveKernelError {
  const where = problem === undefined ? '' : `, line ${problem.line}: ${problem.what}`;
  return new CurveKernelError('audit-broken', `${source}${where}`, {
    hint: 'what is before this line can be trusted; keep the file for whoever investigates',
    data: { file: source, ...problem },
  });
}

const formatTip = (lines: readonly string[]): string => {
  const { seq, hash } = tipOf(lines.at(-1) ?? '');
  return `${seq}:${hash}`;
};

function parseTip(text: string): AuditTip {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash !== undefined) return { seq: Number(seq), hash };
  throw usageError('--tip is a number, a colon and a hash, as --verify prints them', 'audit');
}

type Line = Readonly<Record<string, unknown>>;

function parseLine(text: string, index: number, source: string): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === 'object' && line !== null) return { ...line };
  } catch {
    // Told below, with its number.
  }
  throw new CurveKernelError('audit-broken', `${source}, line ${index + 1}: is not JSON`, {
    hint: 'see with --verify how far it can be trusted',
    data: { file: source, line: index + 1 },
  });
}

const COLUMNS = ['time', 'event', 'verdict', 'identity', 'address', 'channel', 'type', 'rule', 'count'];
const HEADING = COLUMNS.map((column) => column.toUpperCase());

const row = (line: Line): string[] =>
  COLUMNS.map((column) => {
    const { channels } = line;
    const value = column === 'channel' && Array.isArray(channels) ? channels.join(',') : line[column];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
  });
