/**
 * The tables that `npm run bench` can make. To add a row, add it to `rows` of the measurement that takes its samples; for another kind of sample,
 * write a file in bench/measurements and list what it exports here. To add a table, add an entry to `sets`: `npm run bench -- NAME` makes it.
 *
 * A measurement is `{ name, rows, open, turns?, slow? }`.
 * - `name` is the word that chooses it on the command line.
 * - `open(bench)` prepares it, and resolves to `{ contestants, close? }`; see support/bench.mjs for what `bench` has. Kernels of
 *   `bench.kernels` end without `close`.
 * - `contestants` is `{ NAME: sample }`. Each round calls every `sample` once, or `turns` times by turns; it resolves to
 *   `{ FIGURE: number or numbers }`. A quick run leaves out contestants that no row names.
 * - `slow`: one round is enough for a quick run.
 *
 * A row is `{ title, unit, of, over?, minus?, take?, atMost?, atLeast? }`.
 * - `of`, `over` and `minus` name samples: `[FIGURE, CONTESTANT]`. The value of the row is the median of `of`; with `over` the ratio of two
 *   medians, with `minus` their difference. `take: 'most'` or `'p95'` is instead of the median.
 * - `atMost` or `atLeast` is the goal for that value. A goal that is not met is shown, and is no failure.
 *
 * A table is `{ measurements, report }`; `report(samples)`, where there is one, makes what goes into docs/ after a whole run:
 * `{ pictures: { FILE: svg }, tables: { MARK: rows of cells } }`. A table replaces what a page has between `<!-- bench MARK -->` and
 * `<!-- /bench -->`; the table of all rows has the name of the set as its mark.
 */
import { drawBars } from './support/bars.mjs';
import { drawCurves } from './support/curves.mjs';
import { seriesOf } from './support/rows.mjs';
import { median } from './support/statistics.mjs';
import { formatValue } from './support/table.mjs';
import { client } from './measurements/client.mjs';
import { command } from './measurements/command.mjs';
import {
  clients,
  crowds,
  LET_IN,
  LOOKING_ON,
  MEMORY,
  COUNTS,
  onlookers,
  watchingCrowds,
} from './measurements/crowd.mjs';
import { decisions } from './measurements/decisions.mjs';
import { governed } from './measurements/governed.mjs';
import { grants } from './measurements/grants.mjs';
import { interrupt } from './measurements/interrupt.mjs';
import { large } from './measurements/large.mjs';
import { manyCells } from './measurements/many-cells.mjs';
import { manyKernels } from './measurements/many-kernels.mjs';
import { memory } from './measurements/memory.mjs';
import { display, lines } from './measurements/output.mjs';
import { queue, rested, roundTrip, tslabTrip } from './measurements/round-trip.mjs';
import { start } from './measurements/start.mjs';

const speed = [
  start,
  roundTrip,
  tslabTrip,
  rested,
  queue,
  lines,
  display,
  manyKernels,
  command,
  onlookers,
  manyCells,
  memory,
  interrupt,
  client,
];

export const sets = {
  speed: { measurements: speed, report: compareKernels },
  access: { measurements: [decisions, governed, grants, crowds, watchingCrowds, large], report: drawCost },
};

const medianOf = (samples, figure, contestant) => {
  const values = seriesOf(samples, [figure, contestant]).flat();
  return values.length > 0 ? median(values) : undefined;
};

function compareKernels(samples) {
  const kernels = {
    ours: 'jupyter-curve, CURVE',
    Deno: 'Deno, plain text',
    tslab: 'tslab, plain text',
    ipykernel: 'ipykernel, CURVE',
  };
  const figures = [
    { title: 'start', unit: 'ms', figure: 'start' },
    { title: 'cell `1+1`', unit: 'ms', figure: 'trip' },
    { title: '10,000 lines', unit: 'ms', figure: 'lines', missing: 'loses lines' },
    { title: 'memory', unit: 'MB', figure: 'memory fresh' },
  ];
  const bars = figures.map(({ title, unit, figure, missing = '–' }) => ({
    title: title.replaceAll('`', ''),
    unit,
    values: Object.keys(kernels).map((kind) => medianOf(samples, figure, kind) ?? missing),
  }));
  const cells = figures.map(({ title, unit }, at) => [
    `${title}, ${unit}`,
    ...bars[at].values.map((value) => (typeof value === 'number' ? formatValue(value) : value)),
  ]);
  return {
    pictures: { 'speed.svg': drawBars(Object.values(kernels), bars) },
    tables: { comparison: [['', ...Object.values(kernels)], ...cells] },
  };
}

function drawCost(samples) {
  const [letIn, watching] = ['#1f77b4', '#d95f02'];
  const curve = (figure) => COUNTS.map((count) => [count, medianOf(samples, figure, clients(count))]);
  const drawing = drawCurves([
    {
      title: 'Execute round trip of one client',
      unit: 'ms, median',
      lines: [
        { name: 'the others let in', colour: letIn, points: curve(LET_IN) },
        { name: 'the others looking on', colour: watching, points: curve(LOOKING_ON) },
      ],
    },
    {
      title: 'Memory of kernel and evaluator',
      unit: 'MB resident',
      lines: [{ name: 'the others let in', colour: letIn, points: curve(MEMORY) }],
    },
  ]);
  return { pictures: { 'access-cost.svg': drawing }, tables: {} };
}
