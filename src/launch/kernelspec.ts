import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError } from '../errors.js';
import type { Json, JsonObject } from '../protocol/message.js';
import { isJsonObject } from '../protocol/json-fields.js';

/** An installed kernel, as its `kernel.json` describes it.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs | Kernel specs}
 */
export interface KernelSpec {
  /** The folder's name in lower case. */
  readonly name: string;
  readonly resourceDir: string;
  readonly argv: readonly string[];
  readonly displayName: string;
  readonly language: string;
  readonly env: Readonly<Record<string, string>>;
  readonly interruptMode: 'signal' | 'message';
  readonly metadata: JsonObject;
  /** The whole content of `kernel.json`. */
  readonly raw: JsonObject;
  /** True if `metadata.supported_encryption` names `curve` (JEP 145). */
  readonly supportsCurve: boolean;
}

/**
 * Reads `kernel.json` of a kernelspec's folder.
 *
 * @throws CurveKernelError `kernelspec-invalid`, naming the file and the field.
 */
export async function readKernelSpec(name: string, resourceDir: string): Promise<KernelSpec> {
  const file = join(resourceDir, 'kernel.json');
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalidKernelSpecError(file, cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read', cause);
  }
  if (!isJsonObject(parsed)) throw invalidKernelSpecError(file, 'does not hold a JSON object');
  return checkKernelSpec(name, resourceDir, parsed, file);
}

/** Checks the content of a `kernel.json`. `source` names it in errors. @throws CurveKernelError `kernelspec-invalid`. */
export function checkKernelSpec(name: string, resourceDir: string, raw: JsonObject, source: string): KernelSpec {
  const { argv = [], env = {}, metadata = {}, display_name = name, language = '', interrupt_mode = 'signal' } = raw;
  if (!isStringList(argv)) throw invalidKernelSpecError(source, 'has no list of strings as argv');
  if (!isStringRecord(env)) throw invalidKernelSpecError(source, 'has an env that is not all strings');
  if (!isJsonObject(metadata)) throw invalidKernelSpecError(source, 'has metadata that is not an object');
  if (typeof display_name !== 'string') throw invalidKernelSpecError(source, 'has a display_name that is not a string');
  if (typeof language !== 'string') throw invalidKernelSpecError(source, 'has a language that is not a string');
  const interruptMode = typeof interrupt_mode === 'string' ? interrupt_mode.toLowerCase() : undefined;
  if (interruptMode !== 'signal' && interruptMode !== 'message') {
    throw invalidKernelSpecError(source, 'has an interrupt_mode other than "signal" and "message"');
  }
  return {
    name,
    resourceDir,
    argv,
    displayName: display_name,
    language,
    env,
    interruptMode,
    metadata,
    raw,
    supportsCurve: advertisesCurve(metadata),
  };
}

/** True if `metadata.supported_encryption`, a string or a list of strings, names `curve` in any case (JEP 145). */
function advertisesCurve(metadata: JsonObject): boolean {
  const advertised = metadata['supported_encryption'];
  const names: readonly (Json | undefined)[] = Array.isArray(advertised) ? advertised : [advertised];
  return names.some((name) => typeof name === 'string' && name.trim().toLowerCase() === 'curve');
}

function invalidKernelSpecError(file: string, problem: string, cause?: unknown): CurveKernelError {
  return new CurveKernelError('kernelspec-invalid', `The kernelspec ${file} ${problem}.`, {
    hint: 'Correct the file, or install the kernel again.',
    cause,
    data: { file },
  });
}

/** True if a value from `JSON.parse` is a list of strings. */
export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && isStringList(Object.values(value));
}
