// npm run bench [-- peers|access] [ROUNDS]: side by side with the peers, and what access costs, in interleaved runs. Prints a table,
// writes artifacts/bench.json (of one part alone artifacts/bench-PART.json), and of access docs/pictures/access-cost.svg.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { accessGoals, curveOf, figures as accessFigures, measureAccess } from '../bench/access.mjs';
import { compareClients } from '../bench/compare-clients.mjs';
import { drawCurves } from '../bench/cost-curve.mjs';
import { goals } from '../bench/goals.mjs';
import { build } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { ensurePython } from './tasks/python-environment.mjs';
import { inRoot, script, step } from './tasks/run.mjs';

const exec = promisify(execFile);

script(async () => {
  const args = process.argv.slice(2);
  const part = args.find((arg) => arg === 'peers' || arg === 'access');
  const rounds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 15);
  await ensureDependencies();
  const { python, problem } = await ensurePython();
  if (python === undefined) throw new Error(problem);
  await build();

  const folder = await mkdtemp(join(tmpdir(), 'jupyter-curve-bench-'));
  try {
    const env = await environment(folder, python);
    const samples = {};
    if (part !== 'access') {
      step(`kernels, ${rounds} rounds`);
      const kernels = await exec(python, [inRoot('bench', 'kernels.py'), String(rounds)], { env, maxBuffer: 2 ** 26 });
      step('clients');
      Object.assign(samples, JSON.parse(kernels.stdout), await compareClients(python, env, rounds));
    }
    if (part !== 'peers') {
      step(`access, ${rounds} rounds`);
      Object.assign(samples, await measureAccess(env, rounds));
    }
    const wanted = [...(part === 'access' ? [] : goals), ...(part === 'peers' ? [] : accessGoals)];
    const figures = await report(rounds, samples, wanted, part === undefined ? 'bench.json' : `bench-${part}.json`);
    if (part !== 'peers') await drawAccess(figures);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});

async function drawAccess(figures) {
  const { listeners, onlookers, memory } = accessFigures;
  const [letIn, watching] = ['#1f77b4', '#d95f02'];
  const drawing = drawCurves([
    {
      title: 'Execute round trip of one client',
      unit: 'ms, median',
      lines: [
        { name: 'the others let in', colour: letIn, points: curveOf(figures, listeners) },
        { name: 'the others looking on', colour: watching, points: curveOf(figures, onlookers) },
      ],
    },
    {
      title: 'Memory of the kernel process',
      unit: 'MB resident',
      lines: [{ name: 'the others let in', colour: letIn, points: curveOf(figures, memory) }],
    },
  ]);
  await writeFile(inRoot('docs', 'pictures', 'access-cost.svg'), drawing);
}

async function environment(folder, python) {
  const env = {
    ...process.env,
    PATH: `${dirname(python)}${delimiter}${process.env.PATH}`,
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_PATH: join(folder, 'prefix', 'share', 'jupyter'),
    IPYTHONDIR: join(folder, 'ipython'),
  };
  await mkdir(env.JUPYTER_RUNTIME_DIR, { mode: 0o700 });
  await exec(process.execPath, [inRoot('dist', 'cli', 'main.js'), 'install', '--prefix', join(folder, 'prefix')], {
    env,
  });
  return env;
}

async function report(rounds, samples, wanted, file) {
  const figures = Object.fromEntries(
    Object.entries(samples).map(([figure, variants]) => [
      figure,
      Object.fromEntries(Object.entries(variants).map(([variant, values]) => [variant, summary(values)])),
    ]),
  );
  const ratios = wanted.map((goal) => {
    const value = goal.value((figure, variant, of = 'median') => figures[figure][variant][of]);
    return { what: goal.what, value, atMost: goal.atMost, met: value <= goal.atMost };
  });
  const machine = { node: process.version, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), rounds };
  await mkdir(inRoot('artifacts'), { recursive: true });
  await writeFile(inRoot('artifacts', file), `${JSON.stringify({ machine, ratios, figures }, null, 2)}\n`);

  for (const [figure, variants] of Object.entries(figures)) {
    process.stdout.write(`\n${figure}\n`);
    for (const [variant, { median, low, high, count }] of Object.entries(variants)) {
      const spread = count > 1 ? `  (quartiles ${format(low)} to ${format(high)}, n = ${count})` : '';
      process.stdout.write(`  ${variant.padEnd(20)} ${format(median).padStart(9)}${spread}\n`);
    }
  }
  process.stdout.write('\n');
  for (const { what, value, atMost, met } of ratios) {
    process.stdout.write(
      `${met ? 'met    ' : 'NOT MET'}  ${format(value).padStart(7)} ≤ ${String(atMost).padEnd(5)} ${what}\n`,
    );
  }
  return figures;
}

function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), low: at(0.25), high: at(0.75), p95: at(0.95), most: sorted.at(-1), count: sorted.length };
}

const format = (value) => value.toFixed(value < 10 ? 2 : 0);
