import { CurveKernelError } from '../errors.js';
import { isSealed } from '../keys/seal.js';
import { isJsonObject, kindOf } from '../protocol/json-fields.js';
import type { Json, JsonObject } from '../protocol/message.js';

/** The fields that are ours, in the order in which `jupyter_client` writes them; the last one is this package's. */
export const FIELDS = [
  'shell_port',
  'iopub_port',
  'stdin_port',
  'control_port',
  'hb_port',
  'ip',
  'key',
  'transport',
  'signature_scheme',
  'kernel_name',
  'curve_publickey',
  'curve_secretkey',
  'curve_client_publickey',
] as const;

/** The name of one of our fields. */
export type FieldName = (typeof FIELDS)[number];

/** Values of absent fields, as in `jupyter_client`. */
export const FIELD_DEFAULTS = { transport: 'tcp', signature_scheme: 'hmac-sha256' } as const;

/** The fields of one connection file. Null in a field of ours means that it is not there. */
export interface Fields {
  /** The file's name, for errors. */
  readonly source: string;
  readonly json: JsonObject;
}

/** Deeper values would overflow the stack of `JSON.stringify` when the file is written again. */
const MAX_DEPTH = 64;

const NO_CONNECTION_HINT =
  'Name the connection file of a kernel, such as kernel-….json in the folder of `jupyter --runtime-dir`; if this was one, start its kernel again.';

const HINT = 'Start the kernel again, so that its manager writes a new connection file.';

/** Parses the JSON of a connection file. Throws `connection-file-invalid` unless it is an object. */
export function parseFields(text: string, source: string): Fields {
  const refuse = (problem: string, hint = NO_CONNECTION_HINT): CurveKernelError =>
    new CurveKernelError('connection-file-invalid', `Connection file ${source} ${problem}.`, {
      hint,
      data: { file: source },
    });
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    if (isSealed(text)) {
      throw new CurveKernelError('connection-file-invalid', `${source} is a sealed grant, not a connection file.`, {
        hint: `Open it with \`jupyter-curve accept ${source} --out kernel.json\`, and use the file that it writes.`,
        data: { file: source },
      });
    }
    // The parser's own error quotes the text around the mistake, which may be a key.
    throw text.trim() === '' ? refuse('is empty', HINT) : refuse('is not JSON');
  }
  if (!isJsonObject(json)) throw refuse(`holds ${kindOf(json)}; an object is wanted`);
  if (isDeeperThan(json, MAX_DEPTH)) throw refuse(`is nested more than ${MAX_DEPTH} levels deep`, HINT);
  const ports = FIELDS.filter((field) => field.endsWith('_port'));
  if (!ports.some((field) => Object.hasOwn(json, field))) throw refuse('is not one: it names no ports');
  return { source, json };
}

/** An error that names file and field. `problem` ends the sentence “curve_publickey …” and repeats no content. */
export function invalidField(
  { source }: Fields,
  field: FieldName,
  problem: string,
  hint = HINT,
  cause?: unknown,
): CurveKernelError {
  return new CurveKernelError('connection-file-invalid', `Connection file ${source}: ${field} ${problem}.`, {
    hint,
    cause,
    data: { file: source, field },
  });
}

/** The text of a field; undefined when it is not there. Throws `connection-file-invalid` for anything else. */
export function optionalText(fields: Fields, field: FieldName): string | undefined {
  const value = fields.json[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalidField(fields, field, `is ${kindOf(value)}; text is wanted`);
  if (/\p{Surrogate}/u.test(value)) throw invalidField(fields, field, 'is not well-formed Unicode');
  return value;
}

/** The text of a field. Throws `connection-file-invalid` when it is not there, or empty. */
export function requiredText(fields: Fields, field: FieldName): string {
  const value = optionalText(fields, field);
  if (value === undefined) throw invalidField(fields, field, 'is missing');
  if (value === '') throw invalidField(fields, field, 'is empty');
  return value;
}

/** The fields that are not ours. */
export function unknownFields({ json }: Fields): JsonObject {
  const ours: ReadonlySet<string> = new Set(FIELDS);
  return Object.fromEntries(Object.entries(json).filter(([name]) => !ours.has(name)));
}

function isDeeperThan(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner: Json) => isDeeperThan(inner, levels - 1));
}
