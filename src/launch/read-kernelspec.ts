import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError } from '../errors.js';
import type { Json, JsonObject } from '../protocol/message.js';
import type { KernelSpec } from './kernelspec.js';
import { isObject } from '../support/is-object.js';

/**
 * Reads `kernel.json` of a kernelspec's folder.
 *
 * @throws CurveKernelError `kernelspec-invalid`, naming the file and the field.
 */
export async function readKernelSpec(name: string, resourceDir: string): Promise<KernelSpec> {
  const file = join(resourceDir, 'kernel.json');
  let parsed: Json;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read', cause);
  }
  if (!isObject(parsed)) throw invalid(file, 'does not hold a JSON object');
  return checkKernelSpec(name, resourceDir, parsed, file);
}

/** Makes a {@link KernelSpec} of the content of a `kernel.json`, which `source` names in errors. */
export function checkKernelSpec(name: string, resourceDir: string, raw: JsonObject, source: string): KernelSpec {
  const { argv = [], env = {}, metadata = {}, display_name = name, language = '', interrupt_mode = 'signal' } = raw;
  if (!isStringList(argv)) throw invalid(source, 'has no list of strings as argv');
  if (!isStringRecord(env)) throw invalid(source, 'has an env that is not all strings');
  if (!isObject(metadata)) throw invalid(source, 'has metadata that is not an object');
  if (typeof display_name !== 'string') throw invalid(source, 'has a display_name that is not a string');
  if (typeof language !== 'string') throw invalid(source, 'has a language that is not a string');
  const interruptMode = typeof interrupt_mode === 'string' ? interrupt_mode.toLowerCase() : undefined;
  if (interruptMode !== 'signal' && interruptMode !== 'message') {
    throw invalid(source, 'has an interrupt_mode other than "signal" and "message"');
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

/** Whether `metadata.supported_encryption`, a string or a list of them, names `curve` in any case (JEP 145). */
export function advertisesCurve(metadata: JsonObject): boolean {
  const advertised = metadata['supported_encryption'];
  const names: readonly (Json | undefined)[] = Array.isArray(advertised) ? advertised : [advertised];
  return names.some((name) => typeof name === 'string' && name.trim().toLowerCase() === 'curve');
}

function invalid(file: string, problem: string, cause?: unknown): CurveKernelError {
  return new CurveKernelError('kernelspec-invalid', `The kernelspec ${file} ${problem}.`, {
    hint: 'Correct the file, or install the kernel again.',
    cause,
    data: { file },
  });
}

/** Whether a value from `JSON.parse` is a list of strings. */
export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isStringRecord(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && isStringList(Object.values(value));
}
