import { mapValues } from '../support/map-values.js';
import { isJsonObject } from './check-shape.js';
import { AS_READ, type Cell, type MimeBundle, type Notebook, type Output } from './notebook.js';
import { splitLines } from './split-lines.js';
import { writeJson } from './write-json.js';

/** Fields in the metadata of a notebook that are not written to files. */
const TRANSIENT = { orig_nbformat: undefined, orig_nbformat_minor: undefined, signature: undefined };

/**
 * Formats a notebook as the text of a file, as Python's nbformat writes it: sorted keys, an indent of one space, long texts as arrays of
 * lines, and a newline at the end, so that a notebook written by both shows no difference. Numbers that were read from a file are written
 * as they were written there; others in JavaScript's way, which has no 1.0.
 */
export function formatNotebook(notebook: Notebook): string {
  const forFile = {
    ...notebook,
    metadata: { ...notebook.metadata, ...TRANSIENT },
    cells: notebook.cells.map(splitCell),
  };
  return `${writeJson(forFile, { isIndented: true })}\n`;
}

function splitCell(cell: Cell): object {
  const { attachments } = cell;
  return {
    ...cell,
    metadata: { ...cell.metadata, trusted: undefined },
    source: splitLines(cell.source),
    ...(isJsonObject(attachments)
      ? { attachments: mapValues(attachments, (bundle) => (isJsonObject(bundle) ? splitBundle(bundle) : bundle)) }
      : {}),
    ...(cell.cell_type === 'code' ? { outputs: cell.outputs.map(splitOutput), ...cell[AS_READ] } : {}),
  };
}

function splitOutput(output: Output): object {
  if (output.output_type === 'stream') return { ...output, text: splitLines(output.text) };
  return output.output_type === 'error' ? output : { ...output, data: splitBundle(output.data) };
}

function splitBundle(data: MimeBundle): object {
  return mapValues(data, (value, mime) => (typeof value === 'string' && isLineBased(mime) ? splitLines(value) : value));
}

const isLineBased = (mime: string): boolean =>
  mime.startsWith('text/') || mime === 'application/javascript' || mime === 'image/svg+xml';
