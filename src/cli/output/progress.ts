import { printNote } from './output.js';

/** Display of a run's progress. */
export interface Progress {
  /** Shows that `done` of the `total` code cells have ended, and `doing`, the current step. */
  show(done: number, total: number, doing: string): void;
  /** Clears the bar, so that something else can be printed; the next {@link show} draws it again. */
  hide(): void;
}

const WIDTH = 24;

/** Draws a bar in place on a terminal; elsewhere, such as in a log, prints a line for each step. */
export function createProgress(terminal: NodeJS.WriteStream = process.stderr): Progress {
  let drawn = '';
  const draw = (text: string): void => {
    if (text === drawn) return;
    terminal.write(`\r\x1b[K${text}`);
    drawn = text;
  };
  if (!terminal.isTTY) {
    return {
      show: (done, total, doing) => printNote(total === 0 ? doing : `[${done}/${total}] ${doing}`),
      hide: () => undefined,
    };
  }
  return {
    show: (done, total, doing) => {
      const filled = Math.round((WIDTH * done) / Math.max(total, 1));
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      // A line that wraps could not be redrawn.
      draw(`${bar} ${done}/${total} ${doing}`.slice(0, (terminal.columns || 80) - 1));
    },
    hide: () => draw(''),
  };
}
