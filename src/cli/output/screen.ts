/** Shows texts in place, each over the one before. Disposing leaves the terminal as it was. */
export interface Screen extends Disposable {
  /** Lines and columns that a text may have; undefined where there is no terminal. */
  readonly size: { readonly rows: number; readonly columns: number } | undefined;
  show(text: string): void;
  /** Calls `act` when the size has changed, until it is disposed. */
  onResize(act: () => void): void;
}

/** The alternate screen (xterm, DEC private mode 1049) without a cursor: what was on the screen comes back at the end. */
const [ENTER, LEAVE] = ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'];
const [HOME, END_OF_LINE, END_OF_SCREEN] = ['\x1b[H', '\x1b[K', '\x1b[J'];

/** Draws on a terminal in place; elsewhere, such as in a file, writes one text after another with an empty line between. */
export function openScreen(terminal: NodeJS.WriteStream = process.stdout): Screen {
  if (!terminal.isTTY) {
    let isFirst = true;
    return {
      size: undefined,
      show: (text) => {
        terminal.write(`${isFirst ? '' : '\n'}${text}\n`);
        isFirst = false;
      },
      onResize: () => undefined,
      [Symbol.dispose]: () => undefined,
    };
  }
  const listeners: (() => void)[] = [];
  terminal.write(ENTER);
  return {
    get size() {
      return { rows: terminal.rows || 24, columns: terminal.columns || 80 };
    },
    show: (text) => {
      // Nothing is erased before it is drawn over, so nothing flickers.
      const lines = text.split('\n').map((line) => `${line}${END_OF_LINE}`);
      terminal.write(`${HOME}${lines.join('\n')}${END_OF_SCREEN}`);
    },
    onResize: (act) => {
      listeners.push(act);
      terminal.on('resize', act);
    },
    [Symbol.dispose]: () => {
      for (const act of listeners) terminal.off('resize', act);
      terminal.write(LEAVE);
    },
  };
}
