import { randomBytes } from 'node:crypto';
import { NOTEBOOK_MINOR, type Cell, type Notebook } from './notebook.js';

const CELL_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Gives a new id to every cell without one, with a malformed one, or with that of an earlier cell, as nbformat 4.5 requires (JEP 62).
 * A later minor version stays what it is.
 *
 * @param newId Generates an id; eight random hexadecimal digits by default.
 */
export function upgradeCells(
  cells: readonly Cell[],
  minor: number,
  newId: () => string = () => randomBytes(4).toString('hex'),
): Pick<Notebook, 'nbformat_minor' | 'cells'> {
  const seen = new Set<string>();
  const withIds = cells.map((cell): Cell => {
    let id: string | undefined = minor < NOTEBOOK_MINOR ? undefined : cell.id;
    while (typeof id !== 'string' || !CELL_ID.test(id) || seen.has(id)) id = newId();
    seen.add(id);
    return { ...cell, id };
  });
  return { nbformat_minor: Math.max(minor, NOTEBOOK_MINOR), cells: withIds };
}
