import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { inRoot, root, run } from './run.mjs';

const jestFile = join('node_modules', 'jest', 'bin', 'jest.js');
const results = inRoot('artifacts', 'test');

/** The options of Node that jest needs for ES modules, and jest. */
export const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestFile];

/** The test files that jest would run with these arguments; paths from the project's folder. */
export async function suitesOf(args) {
  const { stdout } = await promisify(execFile)(process.execPath, [jestFile, '--listTests', ...args], { cwd: root });
  const lines = stdout.split('\n').filter((line) => line.endsWith('.test.ts'));
  return lines.map((line) => relative(root, line));
}

/**
 * What one jest run with these arguments came to. With `retry`, suites that failed are run once more, one after the other with the machine to
 * themselves; the second run of a suite counts, and `again` names the tests that only then passed. `options` are given to every run.
 */
export async function jestRun(name, node, args, { env = {}, retry = false, options = [], folder = results } = {}) {
  const started = performance.now();
  const runOnce = (label, more) => runJest(join(folder, `${label}.json`), node, [...options, ...more], env);
  const result = await runOnce(name, args);
  const again = retry ? await runAgain(result, (suite) => runOnce(`${name}-again`, ['--runTestsByPath', suite])) : [];
  return { name, seconds: (performance.now() - started) / 1000, ...count(result), again };
}

async function runJest(output, node, args, env) {
  await mkdir(dirname(output), { recursive: true });
  await rm(output, { force: true });
  const status = await run(node, [...jest, '--json', `--outputFile=${output}`, ...args], { env });
  const text = await readFile(output, 'utf8').catch(() => undefined);
  return { status, suites: text === undefined ? undefined : JSON.parse(text).testResults };
}

/** Puts what the second run of each failed suite came to in the place of the first. Returns the titles of what failed, and then passed. */
async function runAgain(result, runSuite) {
  const again = [];
  for (const [index, suite] of (result.suites ?? []).entries()) {
    if (suite.status !== 'failed') continue;
    const { suites: [second] = [] } = await runSuite(suite.name);
    if (second === undefined) continue;
    const failures = failuresOf(second);
    again.push(...failuresOf(suite).filter((title) => !failures.includes(title)));
    result.suites[index] = second;
    if (result.suites.every(({ status }) => status !== 'failed')) result.status = 0;
  }
  return again;
}

/** Titles of the tests that failed; a suite that never got to its tests is named by its file. */
function failuresOf({ status, name, assertionResults: tests }) {
  return status === 'failed' && tests.length === 0 ? [name] : titles(tests, ['failed']);
}

const titles = (tests, wanted) => tests.filter((one) => wanted.includes(one.status)).map((one) => one.fullName);

/** Jest does not count a suite that never got to its tests; here it counts as one failure. */
function count({ status, suites }) {
  if (suites === undefined) return { passed: 0, failed: 1, skipped: [], failures: ['jest itself'] };
  const tests = suites.flatMap((suite) => suite.assertionResults);
  const failures = suites.flatMap(failuresOf);
  if (status !== 0 && failures.length === 0) failures.push(`jest ended with status ${status}`);
  return {
    passed: titles(tests, ['passed']).length,
    failed: failures.length,
    skipped: titles(tests, ['pending', 'skipped', 'disabled', 'todo']),
    failures,
  };
}
