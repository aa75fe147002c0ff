import type { Json, JsonObject } from '../protocol/message.js';
import { mapValues } from '../support/map-values.js';
import { checkArray, checkObject, invalidNotebookError, isJsonObject, isLines } from './check-shape.js';
import { toNumber } from './exact-number.js';
import { parseJson } from './parse-json.js';
import { splitLines } from './split-lines.js';

/** Names of data in an output of nbformat 2 and 3. */
const MIME_TYPES: readonly (readonly [string, string])[] = [
  ['text', 'text/plain'],
  ['html', 'text/html'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['jpeg', 'image/jpeg'],
  ['latex', 'text/latex'],
  ['json', 'application/json'],
  ['javascript', 'application/javascript'],
];
const LINE_BASED = new Set(['text', 'html', 'svg', 'latex', 'javascript', 'json']);
const LINE_END = /(?:\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029])$/u; // oxlint-disable-line no-control-regex -- as in split-lines.ts

/**
 * Upgrades a notebook of nbformat 2 or 3 to 4, as `nbformat.convert` does; returns one of another version unchanged. Other violations of the
 * format are left for the checks of the result.
 *
 * @throws CurveKernelError `notebook-invalid` for invalid worksheets.
 */
export function upgradeMajor(notebook: JsonObject, source: string): JsonObject {
  const { nbformat, worksheets, orig_nbformat: _, orig_nbformat_minor: __, metadata, ...rest } = notebook;
  const major = toNumber(nbformat);
  if (major === undefined) throw invalidNotebookError(`${source}: nbformat`, 'is missing or not a number');
  if (major !== 2 && major !== 3) return notebook;
  const join = major === 2 ? (lines: readonly string[]) => lines.join('\n') : joinLines;
  const cells = checkArray(worksheets, `${source}: worksheets`).flatMap((sheet, index) => {
    const where = `${source}: worksheets[${index}]`;
    return checkArray(checkObject(sheet, where)['cells'], `${where}.cells`).map((cell, at) =>
      upgradeCell(checkObject(cell, `${where}.cells[${at}]`), join),
    );
  });
  const { name: _name, signature: _signature, ...kept } = checkObject(metadata, `${source}: metadata`);
  return {
    ...rest,
    nbformat: 4,
    nbformat_minor: 4, // without ids, which the next step makes
    metadata: kept,
    cells,
  };
}

type Join = (lines: readonly string[]) => string;

/** Joins lines of nbformat 3, which may or may not have line ends. */
function joinLines(lines: readonly string[]): string {
  return lines.join(/[\n\r]$/.test(lines[0] ?? '') ? '' : '\n');
}

function upgradeCell(cell: JsonObject, join: Join): JsonObject {
  const { trusted: _, metadata = {}, ...rest } = cell;
  const common = { ...rest, metadata };
  if (cell['cell_type'] === 'code') return upgradeCode(common, join);
  const joined = joinMembers(common, new Set(['source', 'rendered']), join);
  switch (textOf(cell['cell_type'])) {
    case 'heading': {
      const { level = 1, source = '', ...others } = joined;
      const line = splitLines(typeof source === 'string' ? source : '').map((part) => part.replace(LINE_END, ''));
      return { ...others, cell_type: 'markdown', source: `${'#'.repeat(toNumber(level) ?? 1)} ${line.join(' ')}` };
    }
    case 'html':
      return { ...joined, cell_type: 'markdown' };
    case 'plaintext': // what raw cells were called before nbformat 2 was released
      return { ...joined, cell_type: 'raw' };
    default:
      return joined;
  }
}

function upgradeCode(cell: JsonObject, join: Join): JsonObject {
  const { language: _, collapsed, input = '', prompt_number: count = null, outputs, metadata, ...rest } = cell;
  return {
    ...rest,
    metadata: collapsed === undefined || !isJsonObject(metadata) ? (metadata ?? {}) : { ...metadata, collapsed },
    source: isLines(input) ? join(input) : input,
    execution_count: count,
    ...(outputs === undefined
      ? {}
      : { outputs: Array.isArray(outputs) ? outputs.map((one: Json) => upgradeOutput(one, join)) : outputs }),
  };
}

function upgradeOutput(output: Json, join: Join): Json {
  if (!isJsonObject(output)) return output;
  const joined = joinMembers(output, LINE_BASED, join);
  switch (textOf(output['output_type'])) {
    case 'pyout': {
      const { output_type: _, prompt_number: count = null, ...rest } = joined;
      return { ...upgradeData(rest), output_type: 'execute_result', execution_count: count };
    }
    case 'display_data': {
      const { output_type: type, ...rest } = joined;
      return { ...upgradeData(rest), output_type: type ?? null };
    }
    case 'pyerr':
      return { ...joined, output_type: 'error' };
    case 'stream': {
      const { stream: name = 'stdout', ...rest } = joined;
      return { ...rest, name };
    }
    default:
      return joined;
  }
}

function upgradeData({ metadata = {}, ...data }: JsonObject): JsonObject {
  const { 'application/json': json, ...bundle } = toMimeTypes(data);
  return {
    data: { ...bundle, ...(json === undefined ? {} : { 'application/json': readJson(json) }) },
    metadata: isJsonObject(metadata) ? toMimeTypes(metadata) : metadata,
  };
}

/** JSON data is text in nbformat 3. What is not JSON stays text. */
function readJson(value: Json): Json {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function toMimeTypes(object: JsonObject): JsonObject {
  let renamed = object;
  for (const [name, mime] of MIME_TYPES) {
    const { [name]: value, ...rest } = renamed;
    if (value !== undefined) renamed = { ...rest, [mime]: value };
  }
  return renamed;
}

function joinMembers(object: JsonObject, names: ReadonlySet<string>, join: Join): JsonObject {
  return mapValues(object, (value, name) => (names.has(name) && isLines(value) ? join(value) : value));
}
