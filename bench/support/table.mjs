/** Three digits, or all before the point. */
export function formatValue(value) {
  const size = Math.abs(value);
  const digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const TITLES = ['figure', 'ours', 'theirs', 'value', 'rounds: median (quartiles)', 'goal', 'met'];

/** The results of support/rows.mjs as rows of cells, with a head. A row without samples is left out. */
export function tableOf(results) {
  const cells = results.map(({ title, unit, ours, theirs, value, rounds, goal = '–', met }) => [
    title,
    `${formatValue(ours)} ${unit}`,
    theirs === undefined ? '–' : `${formatValue(theirs)} ${unit}`,
    formatValue(value),
    `${formatValue(rounds.median)} (${formatValue(rounds.low)} to ${formatValue(rounds.high)})`,
    goal,
    met === undefined ? '–' : met ? 'yes' : 'NO',
  ]);
  return [TITLES, ...cells];
}

/** Cells as columns for a terminal. */
export function asText([head, ...rows]) {
  const plain = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('`', '')));
  const widths = head.map((_, at) => Math.max(...plain.map((row) => row[at].length)));
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  return `${plain.map((row) => line(row).trimEnd()).join('\n')}\n`;
}

/** Cells as a Markdown table. */
export function asMarkdown([head, ...rows]) {
  const rule = head.map((_, at) => (at === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
