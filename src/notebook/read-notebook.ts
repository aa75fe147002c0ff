import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { isSealed } from '../keys/seal.js';
import type { JsonObject } from '../protocol/message.js';
import { mapValues } from '../support/map-values.js';
import {
  checkArray,
  checkCount,
  checkLines,
  checkObject,
  checkText,
  invalidNotebookError,
  isLines,
} from './check-shape.js';
import { toNumber } from './exact-number.js';
import {
  AS_READ,
  isJsonMime,
  NOTEBOOK_MINOR,
  type Cell,
  type CodeCell,
  type DisplayOutput,
  type MimeBundle,
  type Notebook,
  type Output,
} from './notebook.js';
import { parseJson } from './parse-json.js';
import { upgradeMajor } from './upgrade-major.js';

/** Options for reading a notebook. */
export interface ReadNotebookOptions {
  /** Generates ids for cells without one. Default: eight random hexadecimal digits, as in Python's nbformat. */
  readonly newId?: () => string;
}

/**
 * Reads a notebook file.
 *
 * @throws CurveKernelError `notebook-unreadable`, or what {@link parseNotebook} throws.
 */
export async function readNotebook(file: string, options: ReadNotebookOptions = {}): Promise<Notebook> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new CurveKernelError('notebook-unreadable', `The notebook ${file} could not be read.`, {
      hint: 'Check the path of the notebook, and that you may read it.',
      cause,
      data: { file },
    });
  }
  // Decoded without this check, other bytes would become U+FFFD and be written back like that.
  if (!isUtf8(bytes)) throw invalidNotebookError(file, 'is not UTF-8', SAVE_AS_UTF8);
  return parseNotebook(bytes.toString(), file, options);
}

const SAVE_AS_UTF8 =
  'Open the file in an editor that knows its encoding, and save it as UTF-8 without a byte order mark.';

/**
 * Reads a notebook from its text, and checks its shape. Lines are joined; notebooks of nbformat 2, 3 and 4.0 to 4.4 become 4.5, as nbformat
 * upgrades them, which means that every cell gets an id. Unknown fields are kept, and so are numbers in the form in which they are written.
 * Invalid outputs are accepted, and written back unchanged unless the cell is executed.
 *
 * @param source Name of the text in errors, such as its file name.
 * @throws CurveKernelError `notebook-invalid`, naming the place.
 */
export function parseNotebook(text: string, source: string, options: ReadNotebookOptions = {}): Notebook {
  const notebook = upgradeMajor(checkObject(parse(text, source), source), source);
  const { nbformat, nbformat_minor: minor, metadata, cells, ...unknown } = notebook;
  if (toNumber(nbformat) !== 4) throw invalidNotebookError(`${source}: nbformat`, 'is not 2, 3 or 4');
  const checked = checkArray(cells, `${source}: cells`).map((cell, index) =>
    checkCell(cell, `${source}: cells[${index}]`),
  );
  return {
    ...unknown,
    nbformat: 4,
    metadata: checkObject(metadata, `${source}: metadata`),
    ...withIds(checked, checkCount(minor, `${source}: nbformat_minor`) ?? 0, options.newId),
  };
}

const CELL_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Gives a new id to every cell without one, with a malformed one, or with that of an earlier cell, as nbformat 4.5 requires (JEP 62).
 * A later minor version stays what it is.
 */
function withIds(
  cells: readonly Cell[],
  minor: number,
  newId = () => randomBytes(4).toString('hex'),
): Pick<Notebook, 'nbformat_minor' | 'cells'> {
  const seen = new Set<string>();
  const identified = cells.map((cell): Cell => {
    let id = minor < NOTEBOOK_MINOR ? '' : cell.id;
    while (!CELL_ID.test(id) || seen.has(id)) id = newId();
    seen.add(id);
    return { ...cell, id };
  });
  return { nbformat_minor: Math.max(minor, NOTEBOOK_MINOR), cells: identified };
}

function parse(text: string, source: string): unknown {
  if (text.startsWith('\ufeff')) throw invalidNotebookError(source, 'begins with a byte order mark', SAVE_AS_UTF8);
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (isSealed(text)) throw invalidNotebookError(source, 'is a sealed grant, not a notebook', openSealed(source));
    throw invalidNotebookError(
      source,
      `is not JSON: ${error.message}`,
      'Restore an earlier version of the file, or repair it in an editor.',
    );
  }
}

const openSealed = (source: string): string =>
  `Open it with "jupyter-curve accept ${source} --out kernel.json", and give the file that it writes as --existing.`;

/** Checks a cell without its id, which older notebooks do not have: see {@link withIds}. */
function checkCell(value: unknown, where: string): Cell {
  const cell = checkObject(value, where);
  const common = {
    ...cell,
    id: typeof cell['id'] === 'string' ? cell['id'] : '',
    metadata: checkObject(cell['metadata'], `${where}.metadata`),
    source: checkLines(cell['source'], `${where}.source`),
    ...(cell['attachments'] === undefined
      ? {}
      : { attachments: joinAttachments(cell['attachments'], `${where}.attachments`) }),
  };
  const type = checkText(cell['cell_type'], `${where}.cell_type`);
  switch (type) {
    case 'markdown':
    case 'raw':
      return { ...common, cell_type: type };
    case 'code':
      return { ...common, cell_type: type, ...readResults(cell, where) };
    default:
      throw invalidNotebookError(`${where}.cell_type`, 'is not code, markdown or raw');
  }
}

/** Reads the results of an earlier run. Invalid ones are no reason to refuse a notebook: the next run replaces them. */
function readResults(cell: JsonObject, where: string): Pick<CodeCell, 'outputs' | 'execution_count' | typeof AS_READ> {
  const { outputs = [], execution_count: count = null } = cell;
  const checkedOutputs = whereValid(() => checkArray(outputs, where).map((output) => checkOutput(output, where)));
  // A count that is written as 5.0 is valid, and is written back like that.
  const checkedCount = whereValid(() => checkCount(count, where));
  const asRead = {
    ...(checkedOutputs === undefined ? { outputs } : {}),
    ...(checkedCount === undefined || checkedCount !== count ? { execution_count: count } : {}),
  };
  return {
    outputs: checkedOutputs ?? [],
    execution_count: checkedCount ?? null,
    ...(Object.keys(asRead).length === 0 ? {} : { [AS_READ]: asRead }),
  };
}

function whereValid<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (isCurveKernelError(error, 'notebook-invalid')) return undefined;
    throw error;
  }
}

function checkOutput(value: unknown, where: string): Output {
  const output = checkObject(value, where);
  const text = (field: string): string => checkText(output[field], `${where}.${field}`);
  const type = text('output_type');
  switch (type) {
    case 'stream':
      return { ...output, output_type: type, name: text('name'), text: checkLines(output['text'], `${where}.text`) };
    case 'display_data':
      return { ...output, output_type: type, ...checkData(output, where) };
    case 'execute_result': {
      const count = checkCount(output['execution_count'], `${where}.execution_count`);
      return { ...output, output_type: type, execution_count: count, ...checkData(output, where) };
    }
    case 'error': {
      const traceback = checkArray(output['traceback'], `${where}.traceback`);
      return {
        ...output,
        output_type: type,
        ename: text('ename'),
        evalue: text('evalue'),
        traceback: traceback.map((line) => checkText(line, `${where}.traceback`)),
      };
    }
    default:
      throw invalidNotebookError(`${where}.output_type`, 'is not stream, display_data, execute_result or error');
  }
}

function checkData(output: JsonObject, where: string): Pick<DisplayOutput, 'data' | 'metadata'> {
  return {
    data: joinBundle(checkObject(output['data'], `${where}.data`)),
    metadata: checkObject(output['metadata'], `${where}.metadata`),
  };
}

function joinAttachments(value: unknown, where: string): JsonObject {
  return mapValues(checkObject(value, where), (bundle) => joinBundle(checkObject(bundle, where)));
}

function joinBundle(data: JsonObject): MimeBundle {
  return mapValues(data, (value, mime) => (!isJsonMime(mime) && isLines(value) ? value.join('') : value));
}
