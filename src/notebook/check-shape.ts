import { types } from 'node:util';
import { CurveKernelError } from '../errors.js';
import type { JsonObject } from '../protocol/message.js';
import { toNumber } from './exact-number.js';

/** What to do about a notebook that is not as the format wants it. */
const REPAIR =
  'Open the notebook in JupyterLab and save it, or convert it with "jupyter nbconvert --to notebook --nbformat 4".';

/** The error for a notebook whose value at `where` is not what the format wants there. */
export function invalidNotebookError(where: string, problem: string, hint = REPAIR): CurveKernelError {
  return new CurveKernelError('notebook-invalid', `${where} ${problem}`, { hint, data: { where } });
}

/** @throws CurveKernelError `notebook-invalid` when `value` is no JSON object. */
export function checkObject(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw wrong(value, where, 'an object');
  return value;
}

/** @throws CurveKernelError `notebook-invalid` when `value` is no array. */
export function checkArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(value, where, 'an array');
  return value;
}

/** @throws CurveKernelError `notebook-invalid` when `value` is no text. */
export function checkText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrong(value, where, 'text');
  return value;
}

/** Text, or lines that are joined. @throws CurveKernelError `notebook-invalid` when `value` is neither. */
export function checkLines(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (isLines(value)) return value.join('');
  throw wrong(value, where, 'text or an array of lines');
}

/** @throws CurveKernelError `notebook-invalid` when `value` is neither null nor missing nor a whole number from zero on. */
export function checkCount(value: unknown, where: string): number | null {
  if (value === null || value === undefined) return null;
  const count = toNumber(value);
  if (count === undefined || !Number.isSafeInteger(count) || count < 0) throw wrong(value, where, 'a count or null');
  return count;
}

/** Whether a value that came from JSON is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !types.isNumberObject(value);
}

/** Whether a value is an array of text. */
export function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string');
}

function wrong(value: unknown, where: string, wanted: string): CurveKernelError {
  return invalidNotebookError(where, value === undefined ? `is missing; ${wanted} was wanted` : `is not ${wanted}`);
}
