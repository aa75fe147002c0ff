/** Draws the cost by the number of clients as an SVG that is readable on light and on dark pages. */

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [760, 300, 60, 46, 46];
const PANEL = 300;
const INK = '#808080';

/**
 * `panels` are drawn side by side: `{ title, unit, lines: [{ name, colour, points: [[clients, value]] }] }`. All lines have the same numbers
 * of clients, which are drawn at equal distances.
 */
export function drawCurves(panels) {
  const drawn = panels.map((panel, index) => drawPanel(panel, index * (PANEL + LEFT + 20))).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}" role="img">
<title>${escape(panels.map(({ title }) => title).join('; '))}</title>
${drawn}
</svg>
`;
}

function drawPanel({ title, unit, lines }, offset) {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const top = roundUp(Math.max(...values));
  const counts = lines[0].points.map(([count]) => count);
  const x = (index) => offset + LEFT + (PANEL * (index + 0.5)) / counts.length;
  const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / top;
  const text = (atX, atY, words, anchor = 'middle') =>
    `<text x="${atX.toFixed(1)}" y="${atY.toFixed(1)}" text-anchor="${anchor}">${escape(words)}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(top * share);
    return `<path d="M${offset + LEFT} ${at.toFixed(1)}h${PANEL}" stroke="${INK}" stroke-opacity="0.3"/>${text(offset + LEFT - 6, at + 4, format(top * share), 'end')}`;
  });
  const ticks = counts.map((count, index) => text(x(index), HEIGHT - BOTTOM + 18, String(count)));
  const curves = lines.map(({ name, colour, points }, index) => {
    const path = points.map(([, value], at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    const dots = path.map(
      (point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="3.5" fill="${colour}"/>`,
    );
    const legend = `<rect x="${offset + LEFT + 8}" y="${TOP + 6 + index * 17}" width="12" height="3" fill="${colour}"/>${text(offset + LEFT + 26, TOP + 12 + index * 17, name, 'start')}`;
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path.join(' ')}"/>${dots.join('')}${legend}`;
  });
  return [
    `<text x="${offset + LEFT}" y="20" font-size="14" font-weight="bold">${escape(title)}</text>`,
    text(offset + LEFT, 36, unit, 'start'),
    ...grid,
    ...ticks,
    text(offset + LEFT + PANEL / 2, HEIGHT - 8, 'clients'),
    ...curves,
  ].join('\n');
}

function roundUp(value) {
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((factor) => factor * step).find((limit) => limit >= value);
}

const format = (value) => String(Number(value.toPrecision(3)));
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
