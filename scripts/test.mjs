// npm test: everything on this Node, then on the oldest and the newest supported one all but test/interop, test/soak and what is run a second time
// behind the relay, and on those between what starts kernels. npm test -- PATH… runs only these, on this Node. JUPYTER_CURVE_REQUIRE_ALL=1 makes a skipped test a failure;
// JUPYTER_CURVE_RETRY=1 runs suites that failed once more, singly.
import { writeFile } from 'node:fs/promises';
import { build } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { jestRun, suitesOf } from './tasks/jest-run.mjs';
import { current, ensureNode, majors } from './tasks/node-versions.mjs';
import { ensurePython } from './tasks/python-environment.mjs';
import { pythonSuites } from './tasks/python-suites.mjs';
import { writeCodeCaches } from './tasks/code-caches.mjs';
import { ensureOldestServices, oldestServicesSuite } from './tasks/oldest-services.mjs';
import { inRoot, must, script, step } from './tasks/run.mjs';

/** Suites that are run once more, with their kernels behind the relay. */
const relayed = 'test/process/relay/relayed-';

const rooms = '(kernel|launch|manager|server|typescript)';
/** What is run on the other Nodes: on the oldest and the newest all but what tests other programs, on those between what starts kernels. */
const ofMajor = (major) =>
  major === majors.at(0) || major === majors.at(-1)
    ? ['test/unit/', 'test/process/', 'test/hostile/']
    : [`test/unit/${rooms}/`, `test/process/${rooms}/`, 'test/interop/jupyter-client-matrix'];

const requireAll = process.env.JUPYTER_CURVE_REQUIRE_ALL === '1';
const retry = process.env.JUPYTER_CURVE_RETRY === '1';

script(async () => {
  const args = process.argv.slice(2);
  await ensureDependencies();
  const suites = await suitesOf(args);
  const { env, without } = await testEnvironment(suites);
  // Without it the test that needs it is skipped, or fails.
  if (suites.includes(oldestServicesSuite))
    await ensureOldestServices().catch((error) => process.stderr.write(`${error.message}\n`));

  step('building and type-checking');
  await build();
  await must('test/ does not type-check', process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', 'test']);

  const runs = [];
  await writeCodeCaches(process.execPath);
  step(`testing on Node ${process.versions.node}`);
  runs.push(await jestRun(`node${current}`, process.execPath, [...args, ...ignoring(without)], { env, retry }));
  for (const major of args.length === 0 ? majors.filter((one) => one !== current) : [])
    runs.push(await runOn(major, env, without));
  runs[0].skipped.push(...without.map((suite) => `${suite} (this machine has no Python for it)`));
  return summarize(runs);
});

/** Only what these suites use is prepared: without Python the others run all the same. */
async function testEnvironment(suites) {
  const users = (await pythonSuites()).filter((suite) => suites.includes(suite));
  if (users.length === 0) return { env: {}, without: [] };
  const { python, problem } = await ensurePython();
  if (python !== undefined) return { env: { JUPYTER_CURVE_TEST_PYTHON: python }, without: [] };
  if (requireAll) throw new Error(`${problem} No test may be skipped here.`);
  process.stderr.write(`${problem} The ${users.length} suites that use it will be skipped.\n`);
  return { env: {}, without: users };
}

function ignoring(suites) {
  const pattern = suites.map((suite) => suite.replaceAll(/[.\\/]/g, '[.\\\\/]')).join('|');
  return suites.length === 0 ? [] : ['--passWithNoTests', '--testPathIgnorePatterns', pattern];
}

async function runOn(major, env, without) {
  try {
    const node = await ensureNode(major);
    const paths = ofMajor(major);
    await writeCodeCaches(node);
    step(`testing on Node ${major}: ${paths.join(', ')}`);
    return await jestRun(`node${major}`, node, [...paths, ...ignoring([...without, relayed])], { env, retry });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return {
      name: `node${major}`,
      seconds: 0,
      passed: 0,
      failed: 0,
      skipped: [`every test on Node ${major}`],
      failures: [],
      again: [],
    };
  }
}

async function summarize(runs) {
  step('summary');
  const sum = (field) => runs.reduce((total, one) => total + one[field], 0);
  const skipped = runs.flatMap((one) => one.skipped);
  for (const one of runs) {
    const counts = `${one.passed} passed, ${one.failed} failed, ${one.skipped.length} skipped`;
    process.stderr.write(`${one.name.padEnd(8)}${counts} (${one.seconds.toFixed(0)} s)\n`);
    for (const title of one.failures) process.stderr.write(`  failed   ${title}\n`);
    for (const title of one.again) process.stderr.write(`  passed when run again: ${title}\n`);
    for (const title of one.skipped) process.stderr.write(`  skipped  ${title}\n`);
  }
  const failed = sum('failed') + (requireAll ? skipped.length : 0);
  const total = { passed: sum('passed'), failed, skipped: skipped.length };
  await writeFile(inRoot('artifacts', 'test', 'summary.json'), `${JSON.stringify({ ...total, runs }, null, 2)}\n`);
  process.stderr.write(`${total.passed} passed, ${total.failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
