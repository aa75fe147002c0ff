import { readFile } from 'node:fs/promises';
import { CurveKernelError } from '../errors.js';
import type { Json, JsonObject } from '../protocol/message.js';
import { checkArray, checkCount, checkLines, checkObject, checkText, invalidNotebook, isLines } from './check-shape.js';
import { isJsonMime, type Cell, type DisplayOutput, type MimeBundle, type Notebook, type Output } from './notebook.js';
import { upgradeCells } from './upgrade-cells.js';

/** What reading a notebook may be given. */
export interface ReadNotebookOptions {
  /** Makes ids for cells that have none; eight random hexadecimal digits by default, as Python's nbformat makes them. */
  readonly newId?: () => string;
}

/**
 * Reads a notebook file.
 *
 * @throws CurveKernelError `notebook-unreadable`, or what {@link parseNotebook} throws.
 */
export async function readNotebook(file: string, options: ReadNotebookOptions = {}): Promise<Notebook> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new CurveKernelError('notebook-unreadable', `${file} could not be read`, {
      hint: 'Check the path of the notebook, and that you may read it.',
      cause,
      data: { file },
    });
  }
  return parseNotebook(text, file, options);
}

/**
 * Reads a notebook of nbformat 4 from its text, and checks its shape. Lines are joined; notebooks older than 4.5 become 4.5,
 * which means that every cell gets an id. Unknown fields are kept.
 *
 * @param source What to call the text in errors, such as its file name.
 * @throws CurveKernelError `notebook-invalid`, naming the place.
 */
export function parseNotebook(text: string, source: string, options: ReadNotebookOptions = {}): Notebook {
  const notebook = checkObject(parseJson(text, source), source);
  const { nbformat, nbformat_minor: minor, metadata, cells, ...unknown } = notebook;
  if (nbformat !== 4) throw invalidNotebook(`${source}: nbformat`, 'is not 4');
  const checked = checkArray(cells, `${source}: cells`).map((cell, index) =>
    checkCell(cell, `${source}: cells[${index}]`),
  );
  return {
    ...unknown,
    nbformat,
    metadata: checkObject(metadata, `${source}: metadata`),
    ...upgradeCells(checked, checkCount(minor, `${source}: nbformat_minor`) ?? 0, options.newId),
  };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's own message quotes the text, which may be anybody's secret.
    throw invalidNotebook(source, 'is not JSON');
  }
}

/** The id is a matter of {@link upgradeCells}: older notebooks have none. */
function checkCell(value: unknown, where: string): Cell {
  const cell = checkObject(value, where);
  const common = {
    ...cell,
    id: typeof cell['id'] === 'string' ? cell['id'] : '',
    metadata: checkObject(cell['metadata'], `${where}.metadata`),
    source: checkLines(cell['source'], `${where}.source`),
    ...(cell['attachments'] === undefined ? {} : { attachments: joinAttachments(cell['attachments'], where) }),
  };
  const type = checkText(cell['cell_type'], `${where}.cell_type`);
  switch (type) {
    case 'markdown':
    case 'raw':
      return { ...common, cell_type: type };
    case 'code':
      return {
        ...common,
        cell_type: type,
        execution_count: checkCount(cell['execution_count'], `${where}.execution_count`),
        outputs: checkArray(cell['outputs'], `${where}.outputs`).map((output, index) =>
          checkOutput(output, `${where}.outputs[${index}]`),
        ),
      };
    default:
      throw invalidNotebook(`${where}.cell_type`, 'is none of code, markdown, raw');
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
      throw invalidNotebook(`${where}.output_type`, 'is none of stream, display_data, execute_result, error');
  }
}

function checkData(output: JsonObject, where: string): Pick<DisplayOutput, 'data' | 'metadata'> {
  return {
    data: joinBundle(checkObject(output['data'], `${where}.data`)),
    metadata: checkObject(output['metadata'], `${where}.metadata`),
  };
}

function joinAttachments(value: unknown, where: string): JsonObject {
  return Object.fromEntries(
    Object.entries(checkObject(value, `${where}.attachments`)).map(([name, bundle]) => [
      name,
      joinBundle(checkObject(bundle, `${where}.attachments`)),
    ]),
  );
}

function joinBundle(data: JsonObject): MimeBundle {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]): [string, Json] => [
      mime,
      !isJsonMime(mime) && isLines(value) ? value.join('') : value,
    ]),
  );
}
