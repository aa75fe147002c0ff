import { types } from 'node:util';
import { CurveKernelError } from '../errors.js';
import type { JsonObject } from '../protocol/message.js';
import { toNumber } from './exact-number.js';

/** Hint for a notebook that breaks the format. */
const REPAIR =
  'Open the notebook in JupyterLab and save it, or convert it with "jupyter nbconvert --to notebook --nbformat 4".';

/** The error for a value of a notebook, at `where`, that breaks the format. */
export function invalidNotebookError(where: string, problem: string, hint = REPAIR): CurveKernelError {
  return new CurveKernelError('notebook-invalid', `${where} ${problem}.`, { hint, data: { where } });
}

/** @throws CurveKernelError `notebook-invalid` when `value` is not a JSON object. */
export const checkObject = checker(isJsonObject, 'an object');

/** @throws CurveKernelError `notebook-invalid` when `value` is not an array. */
export const checkArray = checker((value): value is readonly unknown[] => Array.isArray(value), 'an array');

/** @throws CurveKernelError `notebook-invalid` when `value` is not a string. */
export const checkText = checker((value) => typeof value === 'string', 'text');

/** Returns a string, or lines joined to one. @throws CurveKernelError `notebook-invalid` when `value` is neither. */
export function checkLines(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (isLines(value)) return value.join('');
  throw wrongTypeError(value, where, 'text or an array of lines');
}

/** @throws CurveKernelError `notebook-invalid` unless `value` is null, missing, or a whole number of zero or more. */
export function checkCount(value: unknown, where: string): number | null {
  if (value === null || value === undefined) return null;
  const count = toNumber(value);
  if (count === undefined || !Number.isSafeInteger(count) || count < 0)
    throw wrongTypeError(value, where, 'a count or null');
  return count;
}

/** True if a value that was parsed from JSON is an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !types.isNumberObject(value);
}

/** Returns `value` if it is a JSON object, else an empty one. */
export function toObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** True if a value is an array of strings. */
export function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string');
}

function checker<T>(isValid: (value: unknown) => value is T, wanted: string) {
  return (value: unknown, where: string): T => {
    if (isValid(value)) return value;
    throw wrongTypeError(value, where, wanted);
  };
}

function wrongTypeError(value: unknown, where: string, wanted: string): CurveKernelError {
  return invalidNotebookError(where, value === undefined ? `is missing; ${wanted} was wanted` : `is not ${wanted}`);
}
