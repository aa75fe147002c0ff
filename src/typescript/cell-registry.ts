/** The cells that output may still belong to: those that run, and those that ran lately. */
import type { CellContext } from '../kernel/language.js';

/** Maximum number of cells remembered for late output. Beyond that it goes to the cell that was started last. */
const MAX_CELLS = 4096;

/** See {@link createCellRegistry}. */
export type CellRegistry = ReturnType<typeof createCellRegistry>;

/** Numbers cells, and finds the cell that output with a number belongs to. It forgets those that were not used for longest. */
export function createCellRegistry() {
  const cells = new Map<number, CellContext>();
  let last = 0;
  return {
    add(cell: CellContext): number {
      cells.set(++last, cell);
      const [oldest] = cells.keys();
      if (cells.size > MAX_CELLS && oldest !== undefined) cells.delete(oldest);
      return last;
    },
    /** The cell of that number, if it is remembered. */
    exactly: (number: number): CellContext | undefined => cells.get(number),
    /** The cell of that number, or the one started last; undefined before the first. */
    find(number: number): CellContext | undefined {
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
