/** What the runner of the tests makes of suites that fail, and what it runs again. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { runNode } from '../../support/run-node.js';
import { inTemporaryFolder } from '../../support/temporary-folder.js';

interface Run {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly again: readonly string[];
}

/** A suite that notes each of its runs; `fails` is code that throws in those runs in which its second test is to fail. */
const suite = (name: string, fails: string): string => `
const { appendFileSync, readFileSync } = require('node:fs');
appendFileSync(__dirname + '/runs', '${name} ');
const runs = readFileSync(__dirname + '/runs', 'utf8').split(' ').filter((one) => one === '${name}').length;
test('${name} one', () => undefined);
test('${name} two', () => { ${fails} });
`;

const SUITES = {
  good: suite('good', ''),
  busy: suite('busy', 'if (runs === 1) throw new Error("too late")'),
  bad: suite('bad', 'throw new Error("always")'),
  broken: `${suite('broken', '')}\nif (runs === 1) throw new Error("no test is reached");`,
};

/** Runs these suites in a folder of their own, as scripts/test.mjs does. */
async function runSuites(names: readonly (keyof typeof SUITES)[], retry: boolean): Promise<Run & { runs: string }> {
  const outcome: (Run & { runs: string })[] = [];
  await inTemporaryFolder(async (folder) => {
    for (const name of names) await writeFile(join(folder, `${name}.test.js`), SUITES[name]);
    const options = [`--rootDir=${folder}`, `--config=${JSON.stringify({ testMatch: ['**/*.test.js'] })}`];
    const { stdout } = await runNode(`
      import { jestRun } from ${JSON.stringify(join(repository, 'scripts/tasks/jest-run.mjs'))};
      const options = ${JSON.stringify({ options, retry, folder: join(folder, 'results') })};
      console.log(JSON.stringify(await jestRun('name', process.execPath, [], options)));
    `);
    const run: Run = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    outcome.push({ ...run, runs: (await readFile(join(folder, 'runs'), 'utf8')).trim() });
  });
  const [first] = outcome;
  if (first === undefined) throw new Error('nothing was run');
  return first;
}

const timesOf = ({ runs }: { readonly runs: string }, name: string): number =>
  runs.split(' ').filter((one) => one === name).length;

test('without being asked, nothing is run again', async () => {
  const run = await runSuites(['good', 'busy', 'broken'], false);
  expect(run).toMatchObject({ passed: 3, failed: 2, again: [] });
  expect(run.failures).toEqual(expect.arrayContaining(['busy two', expect.stringMatching(/broken\.test\.js$/)]));
  expect(['good', 'busy', 'broken'].map((name) => timesOf(run, name))).toEqual([1, 1, 1]);
});

test('suites that failed are run once more, alone, and what passes then is named', async () => {
  const run = await runSuites(['good', 'busy', 'bad', 'broken'], true);
  expect(run).toMatchObject({ passed: 7, failed: 1, failures: ['bad two'] });
  expect(run.again).toHaveLength(2);
  expect(run.again).toEqual(expect.arrayContaining(['busy two', expect.stringMatching(/broken\.test\.js$/)]));
  expect(['good', 'busy', 'bad', 'broken'].map((name) => timesOf(run, name))).toEqual([1, 2, 2, 2]);
});

test('when all that failed passes, the run has passed', async () => {
  expect(await runSuites(['good', 'busy'], true)).toMatchObject({
    passed: 4,
    failed: 0,
    failures: [],
    again: ['busy two'],
  });
});
