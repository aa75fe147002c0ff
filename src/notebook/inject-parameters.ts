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
  const tagged = (tag: string): number => notebook.cells.findIndex((each) => cellTags(each).includes(tag));
  const [earlier, defaults] = [tagged(TAG), tagged('parameters')];
  const cells = earlier >= 0 ? notebook.cells.with(earlier, cell) : notebook.cells.toSpliced(defaults + 1, 0, cell);
  const place = earlier >= 0 ? 'replaced' : defaults >= 0 ? 'after' : 'top';
  return { place, notebook: { ...notebook, metadata: { ...notebook.metadata, papermill }, cells } };
}

function newId({ cells }: Notebook): string {
  const taken = new Set(cells.map(({ id }) => id));
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!taken.has(id)) return id;
  }
}
