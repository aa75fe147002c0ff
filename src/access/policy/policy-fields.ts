import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import { definedOnly } from '../../support/defined-only.js';
import { CurveKernelError } from '../../errors.js';

/** One value of a policy file, and where it is. */
export interface Field {
  readonly file: PolicySource;
  /** Its path in the document: `roles.reviewer.send[2]`; empty for the whole. */
  readonly path: string;
  readonly node: unknown;
  readonly line: number;
}

/** The file that a field is in. */
export interface PolicySource {
  readonly name: string;
  readonly lines: LineCounter;
}

const HINT =
  'Correct the file; a kernel goes by the policy before it, or lets in its owner alone. docs/policy.md describes its fields.';

/** A `policy-invalid` that names the file and, where known, the line. `problem` says what was found and what was wanted. */
export function invalidPolicy(
  source: string,
  problem: string,
  { line, path, hint = HINT, cause }: { line?: number; path?: string; hint?: string; cause?: unknown } = {},
): CurveKernelError {
  const where = line === undefined ? '' : `, line ${line}`;
  const what = path === undefined || path === '' ? '' : `${path} `;
  return new CurveKernelError('policy-invalid', `Policy file ${source}${where}: ${what}${problem}.`, {
    hint,
    cause,
    data: definedOnly({ file: source, line, field: path }),
  });
}

/** A `policy-invalid` about one field. */
export function invalidField(field: Field, problem: string, hint?: string, cause?: unknown): CurveKernelError {
  const { file, line, path } = field;
  return invalidPolicy(file.name, problem, definedOnly({ line, path, hint, cause }));
}

/** The field at the top of a document. */
export function rootField(file: PolicySource, node: Node | null): Field {
  return { file, path: '', node, line: lineOf(file, node, 1) };
}

/** The members of a mapping, by name. Throws `policy-invalid` for anything else, and for names outside `allowed`. */
export function readMapping(field: Field, allowed?: readonly string[]): ReadonlyMap<string, Field> {
  if (!isMap(field.node)) throw invalidField(field, `is ${kindOf(field.node)}; a mapping is wanted`);
  const members = new Map<string, Field>();
  for (const { key, value } of field.node.items) {
    const line = lineOf(field.file, key, field.line);
    if (!isScalar(key) || typeof key.value !== 'string') {
      throw invalidField({ ...field, line }, 'has a name that is not text');
    }
    const name = key.value;
    const path = field.path === '' ? shorten(name) : `${field.path}.${shorten(name)}`;
    const member = { file: field.file, path, node: value, line: lineOf(field.file, value, line) };
    if (allowed !== undefined && !allowed.includes(name)) {
      throw invalidField({ ...member, line }, `is not known here; ${allowed.join(', ')} are`);
    }
    members.set(name, member);
  }
  return members;
}

/** The entries of a list; none for a list that is not there. Throws `policy-invalid` for anything else, and for too many. */
export function readList(field: Field | undefined): readonly Field[] {
  if (field === undefined) return [];
  if (!isSeq(field.node)) throw invalidField(field, `is ${kindOf(field.node)}; a list is wanted`);
  if (field.node.items.length > MAX_LIST_LENGTH) throw invalidField(field, `has more than ${MAX_LIST_LENGTH} entries`);
  return field.node.items.map((node, index) => ({
    file: field.file,
    path: `${field.path}[${index}]`,
    node,
    line: lineOf(field.file, node, field.line),
  }));
}

/** The text of a field. Throws `policy-invalid` for anything else. */
export function readText(field: Field): string {
  if (isScalar(field.node) && typeof field.node.value === 'string') return field.node.value;
  throw invalidField(
    field,
    `is ${kindOf(field.node)}; text is wanted`,
    'Put text that looks like something else in quotes.',
  );
}

/** The truth of a field. Throws `policy-invalid` for anything but `true` and `false`. */
export function readFlag(field: Field): boolean {
  if (isScalar(field.node) && typeof field.node.value === 'boolean') return field.node.value;
  throw invalidField(field, `is ${kindOf(field.node)}; true or false is wanted`);
}

/** The result of `check` for a text. A TypeError of it becomes `policy-invalid` about the field. */
export function readAs<T>(field: Field, check: (text: string) => T): T {
  const text = readText(field);
  try {
    return check(text);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw invalidField(field, `cannot be used: ${cause.message}`, undefined, cause);
  }
}

const MAX_LIST_LENGTH = 500;

function lineOf({ lines }: PolicySource, node: unknown, otherwise: number): number {
  const start = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
  return start === undefined ? otherwise : lines.linePos(start).line;
}

function kindOf(node: unknown): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  const value = isScalar(node) ? node.value : null;
  if (value === null) return 'empty';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

const shorten = (text: string): string =>
  (text.length > 64 ? `${text.slice(0, 64)}…` : text).replaceAll(/[\p{C}]/gu, '?');
