import { createHash } from 'node:crypto';
import { CurveKernelError } from '../../errors.js';
import { type AuditRecord, createAuditRecord } from './audit-record.js';

/** Format of the file, named in its first line. */
export const AUDIT_FORMAT = 'jupyter-curve-audit/1';

/** The end of a chain so far: what the next line continues. Kept elsewhere, it shows that nothing before it was changed. */
export interface AuditTip {
  readonly seq: number;
  /** SHA-256, in hex. */
  readonly hash: string;
}

/** A line to append, without its line feed, and the tip that it makes. */
export interface AuditLine {
  readonly text: string;
  readonly tip: AuditTip;
}

/** A kernel, and a moment in ISO 8601. */
export interface AuditMoment {
  readonly kernel: string;
  readonly time: string;
}

/**
 * The line that begins an audit, or, with the `tip` of one that exists, a further run in the same file.
 *
 * A chain is JSON lines. Each has `seq`, which counts, `prev`, which is the `hash` of the line before, and as its last member `hash`:
 * the SHA-256 of its own text up to `,"hash"`. So a line cannot be changed, added, moved or removed without writing anew all that
 * follow; a tip that is kept elsewhere proves that.
 */
export function startAudit({ kernel, time }: AuditMoment, tip: AuditTip = BEFORE_ALL): AuditLine {
  return link(tip, { event: 'start', format: AUDIT_FORMAT, kernel, time });
}

/** The line of one record. */
export function appendAudit(tip: AuditTip, record: AuditRecord): AuditLine {
  return link(tip, { ...createAuditRecord(record) });
}

/** The line that ends a run. An audit without it was cut, or its kernel was killed. */
export function endAudit(tip: AuditTip, { kernel, time }: AuditMoment): AuditLine {
  return link(tip, { event: 'end', kernel, time });
}

/** The tip that a line makes, to continue a file after its last. Throws `audit-broken` for anything that is no line of an audit. */
export function tipOf(line: string): AuditTip {
  const read = readLine(line);
  if (typeof read !== 'string') return { seq: read.seq, hash: read.hash };
  throw new CurveKernelError('audit-broken', `The last line of the audit ${read}.`, {
    hint: 'Keep the file for the investigation, and begin another.',
  });
}

/** The result of {@link verifyAudit}. */
export interface AuditReport {
  /** Every line follows from the one before it. */
  readonly ok: boolean;
  /** The first line, counted from 1, that does not, and what is wrong with it. */
  readonly problem?: { readonly line: number; readonly what: string };
  /** Every run ends with its `end`. If not, a kernel was killed or still runs, or the last lines were removed. */
  readonly closed: boolean;
  /** Number of valid lines, up to the first problem. */
  readonly lines: number;
}

/** Verifies the lines of an audit file, which are without their line feeds; with a `tip` also that they are still those before it. */
export function verifyAudit(lines: Iterable<string>, tip?: AuditTip): AuditReport {
  let last = BEFORE_ALL;
  let running = false;
  let closed = true;
  let count = 0;
  const broken = (what: string): AuditReport => ({
    ok: false,
    problem: { line: count + 1, what },
    closed: false,
    lines: count,
  });
  for (const text of lines) {
    const read = readLine(text);
    if (typeof read === 'string') return broken(read);
    const problem = findProblem(read, last, running, tip);
    if (problem !== undefined) return broken(problem);
    count++;
    last = read;
    if (read.event === 'start' && running) closed = false;
    running = read.event !== 'end';
  }
  if (count === 0) return broken('the audit is empty');
  if (tip && tip.seq > last.seq) return broken('lines are missing at the end');
  return { ok: true, closed: closed && !running, lines: count };
}

const BEFORE_ALL: AuditTip = { seq: -1, hash: '0'.repeat(64) };
const HASH = /^(.*),"hash":"([0-9a-f]{64})"\}$/s;

interface ReadLine extends AuditTip {
  readonly prev: unknown;
  readonly event: unknown;
  readonly format: unknown;
}

function link(tip: AuditTip, facts: Readonly<Record<string, unknown>>): AuditLine {
  const seq = tip.seq + 1;
  const body = toJson({ seq, prev: tip.hash, ...facts }).slice(0, -1);
  const hash = digest(body);
  return { text: `${body},"hash":"${hash}"}`, tip: { seq, hash } };
}

function findProblem(line: ReadLine, last: AuditTip, running: boolean, tip: AuditTip | undefined): string | undefined {
  if (line.seq !== last.seq + 1) return `is number ${line.seq}; ${last.seq + 1} is wanted`;
  if (line.prev !== last.hash) return 'does not continue the line before it';
  if (!running && line.event !== 'start') return 'is not in a run: a start is wanted';
  if (line.event === 'start' && line.format !== AUDIT_FORMAT) return `is of another format than ${AUDIT_FORMAT}`;
  if (line.seq === tip?.seq && line.hash !== tip.hash) return 'is not the one that the given hash is of';
  return undefined;
}

/** A line whose own hash is right, or what is wrong with it. */
function readLine(text: string): ReadLine | string {
  const [, body, hash] = HASH.exec(text) ?? [];
  if (body === undefined || hash === undefined) return 'is not a whole line of an audit';
  if (digest(body) !== hash) return 'was changed: its hash is another';
  try {
    const { seq, prev, event, format }: Readonly<Record<string, unknown>> = JSON.parse(text);
    return typeof seq === 'number' ? { seq, hash, prev, event, format } : 'has no number';
  } catch {
    return 'is not JSON';
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON in which nothing is left that a terminal or a line reader could take for something else. */
const toJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
