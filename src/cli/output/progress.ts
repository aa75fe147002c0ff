import { printNote } from './output.js';

/** How far a run has come, shown to whoever waits. */
export interface Progress {
  /** `done` of the `total` code cells that run are over; `doing` says what goes on now. */
  show(done: number, total: number, doing: string): void;
  /** Takes the bar off the screen, so that something else can be printed; the next {@link show} draws it again. */
  hide(): void;
}

const WIDTH = 24;

/** A bar that is redrawn in place on a terminal; elsewhere, such as in a log, one line for each thing that goes on. */
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
