import type { Notebook } from '#src/notebook/notebook.js';

/** A notebook with a code cell for each source. */
export const notebookOf = (...sources: string[]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: sources.map((source, index) => ({
    id: `c${index}`,
    cell_type: 'code',
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  })),
});
