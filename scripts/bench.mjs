// npm run bench [-- SET] [quick] [ROUNDS] [MEASUREMENT...]: the table of bench/sets.mjs, from one interleaved run. Prints it, and writes
// artifacts/bench/SET.json. Without `quick` and without chosen measurements also the pages and pictures that show it.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { openBench } from '../bench/support/bench.mjs';
import { VERSIONS } from '../bench/support/peers.mjs';
import { publish } from '../bench/support/publish.mjs';
import { takeRounds } from '../bench/support/rounds.mjs';
import { evaluate } from '../bench/support/rows.mjs';
import { asText, tableOf } from '../bench/support/table.mjs';
import { build } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { ensurePython } from './tasks/python-environment.mjs';
import { inRoot, script, step } from './tasks/run.mjs';

const ROUNDS = 11;
const QUICK = { rounds: 3, seconds: 90 };

script(async () => {
  await ensureDependencies();
  await build();
  // What it measures is imported from dist.
  const { sets } = await import('../bench/sets.mjs');
  const { name, quick, rounds, measurements, whole } = readArguments(process.argv.slice(2), sets);
  const { python, problem } = await ensurePython();
  if (python === undefined) throw new Error(problem);
  const bench = await openBench(python, quick);
  const machine = await describeMachine();
  let found;
  try {
    const until = quick ? performance.now() + QUICK.seconds * 1000 : Infinity;
    found = await takeRounds(measurements, bench, { rounds, until }, step);
  } finally {
    await bench.close();
  }

  const { samples, broken } = found;
  const run = { ...machine, loadAfter: load(), quick, rounds };
  const results = measurements.flatMap(({ rows }) => rows.map((row) => evaluate(row, samples) ?? row));
  const measured = results.filter(({ ours }) => ours !== undefined);
  await mkdir(inRoot('artifacts', 'bench'), { recursive: true });
  const file = inRoot('artifacts', 'bench', `${name}.json`);
  await writeFile(file, `${JSON.stringify({ run, results: measured, broken, samples }, null, 1)}\n`);

  const sentence = describeRun(run);
  const table = tableOf(measured);
  process.stdout.write(`\n${asText(table)}\n${sentence}\n`);
  for (const { title } of results.filter((row) => !measured.includes(row)))
    process.stdout.write(`not measured: ${title}\n`);
  for (const one of broken) process.stdout.write(`broken: ${one.name}: ${one.message}\n`);
  if (broken.length > 0) return 1;
  if (whole) {
    const { pictures = {}, tables = {} } = sets[name].report?.(samples) ?? {};
    await publish({ pictures, tables: { ...tables, [name]: table } }, sentence);
  }
  return 0;
});

function readArguments(args, sets) {
  const name = args.find((arg) => arg in sets) ?? 'speed';
  const all = sets[name].measurements;
  const quick = args.includes('quick');
  const count = args.find((arg) => /^[1-9]\d*$/.test(arg));
  const chosen = all.filter((one) => args.includes(one.name));
  const known = [...Object.keys(sets), 'quick', count, ...all.map((one) => one.name)];
  const unknown = args.filter((arg) => !known.includes(arg));
  if (unknown.length > 0) {
    const words = all.map((one) => one.name).join(', ');
    throw new Error(
      `There is no ${unknown.join(', ')} among the figures of ${name}. Name a set (${Object.keys(sets).join(', ')}), quick, a number of rounds, or some of: ${words}.`,
    );
  }
  return {
    name,
    quick,
    rounds: Number(count ?? (quick ? QUICK.rounds : ROUNDS)),
    measurements: chosen.length > 0 ? chosen : all,
    whole: !quick && chosen.length === 0,
  };
}

async function describeMachine() {
  const requirements = await readFile(inRoot('test', 'requirements.txt'), 'utf8');
  const pinned = ['ipykernel', 'jupyter_client'].map((name) => [
    name,
    new RegExp(`^${name.replace('_', '[_-]')}==(\\S+)`, 'm').exec(requirements)?.[1],
  ]);
  return {
    date: new Date().toISOString(),
    node: process.version,
    processors: cpus().length,
    versions: { ...VERSIONS, ...Object.fromEntries(pinned) },
    loadBefore: load(),
  };
}

const load = () => Number(loadavg()[0].toFixed(1));

function describeRun({ date, node, processors, loadBefore, loadAfter, rounds, quick, versions }) {
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${date.slice(0, 10)}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${quick ? ' at most' : ''}, Node ${node.slice(1)}, ${processors} processors, load average ${loadBefore} before and ${loadAfter} after; ${others.join(', ')}.`;
}
