import { readFile } from 'node:fs/promises';
import { tipOf, verifyAudit, type AuditReport, type AuditTip } from '../../access/audit/audit-chain.js';
import { CurveKernelError } from '../../errors.js';
import { isObject } from '../../support/is-object.js';
import { defaultAuditFile } from '../options/default-audit-file.js';
import { printJson, printNote, printResult, reportFailure, table } from '../output/output.js';
import { defineCommand } from '../command.js';
import { argument, flag, JSON_OPTION, text } from '../options/option.js';
import { usageError } from '../output/usage-error.js';

/** `audit`: shows or verifies the audit file of a kernel. */
export const command = defineCommand({
  arguments: { file: argument('Audit file (.jsonl), or connection file (.json) of the kernel') },
  options: {
    verify: flag('Check that no line was changed, added or removed, and print the tip'),
    tip: text('Check also that the file continues from this tip, as --verify printed it earlier'),
    json: JSON_OPTION,
  },
  run: async ({ file, verify, tip, json }) => {
    const source = file.endsWith('.json') ? await defaultAuditFile(file) : file;
    const lines = await readLines(source);
    if (verify || tip !== undefined) return showReport(source, lines, tip === undefined ? tip : parseTip(tip), json);
    const records = lines.map((line, index) => parseLine(line, index, source));
    if (json) printJson(records);
    else printResult(table([HEADING, ...records.map(row)]));
  },
});

async function readLines(file: string): Promise<readonly string[]> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n');
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } catch (cause) {
    throw new CurveKernelError('audit-broken', `The audit file ${file} cannot be read.`, {
      hint: 'Check the path. A kernel creates its audit file when the first client other than its owner connects or is refused.',
      cause,
      data: { file },
    });
  }
}

function showReport(source: string, lines: readonly string[], tip: AuditTip | undefined, json: boolean): void {
  const report = verifyAudit(lines, tip);
  if (json) printJson(report.ok ? { ...report, tip: formatTip(lines) } : report);
  if (!report.ok) return reportFailure(auditBrokenError(source, report));
  if (json) return;
  if (!report.closed) printNote('it has no end: its kernel still runs or was killed, or the last lines were removed');
  printNote(`all ${report.lines} lines are in order, up to`);
  printResult(formatTip(lines));
}

function auditBrokenError(source: string, { problem }: AuditReport): CurveKernelError {
  const what = problem === undefined ? ' is broken' : `, line ${problem.line}: ${problem.what}`;
  return new CurveKernelError('audit-broken', `The audit file ${source}${what}.`, {
    hint: 'The lines before this one can be trusted. Keep the file as evidence.',
    data: { file: source, ...problem },
  });
}

const formatTip = (lines: readonly string[]): string => {
  const { seq, hash } = tipOf(lines.at(-1) ?? '');
  return `${seq}:${hash}`;
};

function parseTip(tip: string): AuditTip {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(tip) ?? [];
  if (hash !== undefined) return { seq: Number(seq), hash };
  throw usageError('The value of --tip must be a number, a colon and a hash, as --verify prints them.', 'audit');
}

type Line = Readonly<Record<string, unknown>>;

function parseLine(line: string, index: number, source: string): Line {
  try {
    const record: unknown = JSON.parse(line);
    if (isObject(record)) return { ...record };
  } catch {
    // Reported below, with the number of the line.
  }
  throw new CurveKernelError('audit-broken', `The audit file ${source}, line ${index + 1}: is not JSON.`, {
    hint: 'Run --verify to find out how far the file can be trusted.',
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
