// The sixteen colours, on a dark ground.
const COLOURS = ['#484f58', '#ff7b72', '#7ee787', '#e3b341', '#79c0ff', '#d2a8ff', '#76e3ea', '#e6edf3'];
const BRIGHT = ['#6e7681', '#ffa198', '#aff5b4', '#f2cc60', '#a5d6ff', '#e2c5ff', '#b3f0ff', '#ffffff'];
const PALETTE = [...COLOURS, ...BRIGHT];

const SIZE = 14;
const ADVANCE = SIZE * 0.6;
const LEADING = 19;
const MARGIN = 18;
const BAR = 34;

/** The lines of {@link screenOf} as an SVG picture of a terminal of that many columns. `title` is read to those who do not see it. */
export function terminalSvg(lines, columns, title) {
  const width = Math.ceil(columns * ADVANCE + 2 * MARGIN);
  const height = lines.length * LEADING + BAR + MARGIN;
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, at) => `<circle cx="${MARGIN + 4 + at * 20}" cy="18" r="6" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${SIZE}" fill="#e6edf3">`,
    ...lines.map((runs, at) => lineOf(runs, BAR + (at + 0.75) * LEADING)).filter((line) => line !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Each run has a place and a length of its own, so that columns stand below each other in every font. */
function lineOf(runs, y) {
  let column = 0;
  return runs
    .map(({ text, colour, bold }) => {
      const [from, length] = [column, [...text].length];
      column += length;
      if (text.trim() === '') return '';
      const style = `${colour === undefined ? '' : ` fill="${PALETTE[colour]}"`}${bold ? ' font-weight="bold"' : ''}`;
      const place = `x="${round(MARGIN + from * ADVANCE)}" y="${round(y)}" textLength="${round(length * ADVANCE)}"`;
      return `<text ${place} lengthAdjust="spacingAndGlyphs"${style}>${escape(text)}</text>`;
    })
    .join('');
}

const round = (value) => Number(value.toFixed(2));
// Spaces that do not break are not folded into one either, in any viewer.
const escape = (text) =>
  text.replaceAll(' ', '\u00a0').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
