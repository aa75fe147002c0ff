/** Draws a comparison as an SVG that is readable on light and on dark pages. */

const [NAMES, COLUMN, BAR, TOP, LINE] = [180, 155, 78, 52, 26];
const INK = '#808080';
const [OURS, OTHERS] = ['#2f81f7', '#a8a8a8'];

/**
 * Bars in a row for each of `names`, the first of which is ours, and a column for each of `figures`: `{ title, unit, values }`, where a
 * value is a number, or words for one that there is not. Every column has its own scale, since only what is in the same column can be
 * compared.
 */
export function drawBars(names, figures) {
  const [width, height] = [NAMES + COLUMN * figures.length, TOP + LINE * names.length + 8];
  const rows = names.map((name, row) => drawRow(name, row, figures));
  const heads = figures.map(
    ({ title, unit }, at) =>
      `<text x="${xOf(at)}" y="18" font-weight="bold">${escape(title)}</text><text x="${xOf(at)}" y="36">${escape(unit)}, less is better</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="${INK}" role="img">
<title>${escape(figures.map(({ title }) => title).join(', '))}: ${escape(names.join('; '))}</title>
${[...heads, ...rows].join('\n')}
</svg>
`;
}

const xOf = (column) => NAMES + COLUMN * column;

function drawRow(name, row, figures) {
  const top = TOP + row * LINE;
  const ours = row === 0;
  const weight = ours ? ' font-weight="bold"' : '';
  const bars = figures.map(({ values, unit }, at) => {
    const [value, x] = [values[row], xOf(at)];
    const text = (after, words) =>
      `<text x="${(x + after).toFixed(1)}" y="${top + 13}"${weight}>${escape(words)}</text>`;
    if (typeof value === 'string') return text(0, value);
    const length = Math.max(1, (BAR * value) / Math.max(...values.filter((one) => typeof one === 'number')));
    const bar = `<rect x="${x}" y="${top}" width="${length.toFixed(1)}" height="16" rx="2" fill="${ours ? OURS : OTHERS}"/>`;
    const words = value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
    return bar + text(length + 5, `${words} ${unit}`);
  });
  return `<text x="0" y="${top + 13}"${weight}>${escape(name)}</text>${bars.join('')}`;
}

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
