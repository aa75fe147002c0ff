/** The cells that output may still belong to: those that run, and those that ran lately. */
import type { CellContext } from '../kernel/language.js';

/** Maximum number of cells remembered for late output. Beyond that it goes to the cell that was started last. */
const MAX_CELLS = 4096;

/** Numbers cells, and finds the cell that output with a number belongs to. */
export interface CellRegistry {
  add(cell: CellContext): number;
  /** The cell of that number, or the one started last; undefined before the first. */
  find(number: number): CellContext | undefined;
  /** The cell of that number, if it is remembered. */
  exactly(number: number): CellContext | undefined;
}

/** A registry without cells. It forgets those that were not used for longest. */
export function createCellRegistry(): CellRegistry {
  const cells = new Map<number, CellContext>();
  let last = 0;
  return {
    add(cell) {
      cells.set(++last, cell);
      const [oldest] = cells.keys();
      if (cells.size > MAX_CELLS && oldest !== undefined) cells.delete(oldest);
      return last;
    },
    exactly: (number) => cells.get(number),
    find(number) {
      const cell = cells.get(number);
      if (cell === undefined) return cells.get(last);
      if (cells.size === MAX_CELLS) {
        // Kept as long as it is used: a timer may outlive thousands of cells.
        cells.delete(number);
        cells.set(number, cell);
      }
      return cell;
    },
  };
}
