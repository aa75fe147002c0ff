import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../protocol/message.js';
import { cellTags, type Cell, type Notebook } from './notebook.js';
import { toObject } from './check-shape.js';
import { parameterCode } from './parameter-code.js';

/** Result of {@link injectParameters}. */
export interface ParameterizedNotebook {
  readonly notebook: Notebook;
  /** Position of the new cell: in place of that of an earlier run, after the cell tagged `parameters`, or without one at the top. */
  readonly place: 'replaced' | 'after' | 'top';
}

const TAG = 'injected-parameters';

/**
 * Sets parameters in a notebook, as papermill does: in a cell tagged `injected-parameters` after the one tagged `parameters`, whose values
 * they replace. They are kept in `metadata.papermill.parameters`, too.
 *
 * @param language The kernel's `language_info.name`.
 * @throws TypeError when {@link parameterCode} cannot write them in that language.
 */
export function injectParameters(notebook: Notebook, parameters: JsonObject, language: string): ParameterizedNotebook {
  const cell: Cell = {
    id: newId(notebook),
    cell_type: 'code',
    metadata: { tags: [TAG] },
    source: parameterCode(parameters, language),
    outputs: [],
    execution_count: null,
  };
  const papermill = { ...toObject(notebook.metadata['papermill']), parameters };
  const { at, replaced, place } = findPlace(notebook.cells);
  const cells = notebook.cells.toSpliced(at, replaced, cell);
  return { place, notebook: { ...notebook, metadata: { ...notebook.metadata, papermill }, cells } };
}

function findPlace(
  cells: readonly Cell[],
): Pick<ParameterizedNotebook, 'place'> & { readonly at: number; readonly replaced: number } {
  const tagged = (tag: string): number => cells.findIndex((cell) => cellTags(cell).includes(tag));
  const earlier = tagged(TAG);
  if (earlier >= 0) return { at: earlier, replaced: 1, place: 'replaced' };
  const defaults = tagged('parameters');
  return { at: defaults + 1, replaced: 0, place: defaults >= 0 ? 'after' : 'top' };
}

function newId({ cells }: Notebook): string {
  const taken = new Set(cells.map(({ id }) => id));
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!taken.has(id)) return id;
  }
}
