import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { inRoot, root, run } from './run.mjs';

const jestFile = join('node_modules', 'jest', 'bin', 'jest.js');

/** The test files that jest would run with these arguments; paths from the project's folder. */
export async function suitesOf(args) {
  const { stdout } = await promisify(execFile)(process.execPath, [jestFile, '--listTests', ...args], { cwd: root });
  const lines = stdout.split('\n').filter((line) => line.endsWith('.test.ts'));
  return lines.map((line) => relative(root, line));
}

/** What one jest run came to. */
export async function jestRun(name, node, args, env) {
  const output = inRoot('artifacts', 'test', `${name}.json`);
  await mkdir(inRoot('artifacts', 'test'), { recursive: true });
  await rm(output, { force: true });
  const started = performance.now();
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestFile];
  const status = await run(node, [...jest, '--json', `--outputFile=${output}`, ...args], { env });
  const seconds = (performance.now() - started) / 1000;
  const text = await readFile(output, 'utf8').catch(() => undefined);
  if (text === undefined) return { name, seconds, passed: 0, failed: 1, skipped: [], failures: ['jest itself'] };
  return { name, seconds, ...count(JSON.parse(text), status) };
}

/** Jest does not count a suite that never got to its tests; here it counts as one failure. */
function count(result, status) {
  const tests = result.testResults.flatMap((suite) => suite.assertionResults);
  const titles = (wanted) => tests.filter((one) => wanted.includes(one.status)).map((one) => one.fullName);
  const broken = result.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
  const failures = [...titles(['failed']), ...broken.map((suite) => suite.name)];
  if (status !== 0 && failures.length === 0) failures.push(`jest ended with status ${status}`);
  return {
    passed: result.numPassedTests,
    failed: failures.length,
    skipped: titles(['pending', 'skipped', 'disabled', 'todo']),
    failures,
  };
}
