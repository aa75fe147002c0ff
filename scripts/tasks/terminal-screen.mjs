/**
 * The lines that a terminal of so many columns shows after `output` was written to it, each a list of runs `{text, colour, bold}`. Understands line ends, carriage
 * returns, "erase to the end of the line", and the sixteen colours; other control sequences are left out.
 */
export function screenOf(output, columns) {
  const lines = [[]];
  let [column, style] = [0, PLAIN];
  for (const [part, sequence, parameters = '', final] of output.matchAll(PARTS)) {
    if (column === columns && sequence === undefined && !/[\r\n]/.test(part)) {
      lines.push([]);
      column = 0;
    }
    const line = lines.at(-1);
    if (part === '\n') {
      lines.push([]);
      column = 0;
    } else if (part === '\r') column = 0;
    else if (sequence === undefined) line[column++] = { text: part, ...style };
    else if (final === 'K') line.length = Math.min(line.length, column);
    else if (final === 'm') style = styleAfter(style, parameters);
  }
  return lines.map(runsOf);
}

const PLAIN = { colour: undefined, bold: false };
// A control sequence (ECMA-48, 5.4), another escape, or a character.
// oxlint-disable-next-line no-control-regex
const PARTS = /(\x1b\[([\d;?]*)[ -/]*([@-~]))|\x1b\][^\x07]*\x07|\x1b.|./gsu;

function styleAfter(style, parameters) {
  let next = style;
  for (const code of parameters.split(';').map(Number)) {
    if (code === 0) next = PLAIN;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 22) next = { ...next, bold: false };
    else if (code === 39) next = { ...next, colour: undefined };
    else if (code >= 30 && code <= 37) next = { ...next, colour: code - 30 };
    else if (code >= 90 && code <= 97) next = { ...next, colour: code - 82 };
  }
  return next;
}

/** Neighbours of one style as one run; places that nothing was written to are spaces. */
function runsOf(line) {
  const runs = [];
  for (const cell of Array.from(line, (one) => one ?? { text: ' ', ...PLAIN })) {
    const last = runs.at(-1);
    if (last !== undefined && last.colour === cell.colour && last.bold === cell.bold) last.text += cell.text;
    else runs.push({ ...cell });
  }
  return runs;
}
