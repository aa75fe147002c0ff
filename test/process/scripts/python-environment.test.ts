/** Which Python the scripts make the environment of the interoperation tests with, and when they make it again. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { runNode } from '../../support/run-node.js';
import { inTemporaryFolder } from '../../support/temporary-folder.js';

const script = (name: string): string => JSON.stringify(join(repository, 'scripts/tasks', name));

interface Found {
  readonly python?: string;
  readonly problem?: string;
}

async function call(code: string): Promise<Found> {
  const { stdout, stderr, status } = await runNode(`${code}\nconsole.log('\\n' + JSON.stringify(found));`);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const found: Found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  return found;
}

const find = (candidates?: readonly string[]): Promise<Found> =>
  call(
    `import { findPython } from ${script('find-python.mjs')}; const found = await findPython(${JSON.stringify(candidates) ?? ''});`,
  );

/** A command that answers as an interpreter of that version does; none of them is on every machine. */
async function interpreter(folder: string, name: string, answer: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(file, 0o755);
  return file;
}

describe('of the interpreters that there are', () => {
  test.each(['3 11 2 venv', '3 12 0 venv', '3 13 9 venv'])('%s is taken', (answer) =>
    inTemporaryFolder(async (folder) => {
      const python = await interpreter(folder, 'python3', answer);
      expect(await find([python])).toEqual({ python });
    }),
  );

  test('the first that fits is taken, after those that are missing, broken, too old or too new', () =>
    inTemporaryFolder(async (folder) => {
      const candidates = [
        join(folder, 'missing'),
        await interpreter(folder, 'broken', 'no such command'),
        await interpreter(folder, 'old', '3 11 1 venv'),
        await interpreter(folder, 'new', '3 14 0 venv'),
        await interpreter(folder, 'bare', '3 12 3'),
        await interpreter(folder, 'good', '3 11 2 venv'),
        await interpreter(folder, 'later', '3 13 0 venv'),
      ];
      expect(await find(candidates)).toEqual({ python: join(folder, 'good') });
    }));

  test('if none fits, a sentence says what was found and what is wanted', () =>
    inTemporaryFolder(async (folder) => {
      const old = await interpreter(folder, 'old', '3 9 2 venv');
      const recent = await interpreter(folder, 'new', '3 14 1 venv');
      const bare = await interpreter(folder, 'bare', '3 11 2');
      const { problem } = await find([old, recent, bare]);
      expect(problem).toMatch(/^Python 3\.11\.2 to 3\.13 with its venv module is wanted .*\.$/);
      expect(problem).toContain(`${old} is 3.9.2, which is too old`);
      expect(problem).toContain(`${recent} is 3.14.1, which is newer than`);
      expect(problem).toContain(`${bare} is 3.11.2, without its venv module (on Debian: apt install python3-venv)`);
      expect((await find([])).problem).toContain('no Python was found');
    }));
});

const { python } = await find();

requireOrSkip('a Python with venv', python !== undefined)(
  'an environment is made once, and again when it is half-made, broken or cannot be completed',
  () =>
    inTemporaryFolder(async (parent) => {
      const folder = join(parent, 'deep', 'venv');
      const requirements = join(parent, 'requirements.txt');
      const mark = join(folder, 'mark');
      const stamp = join(folder, 'requirements.sha256');
      const ensure = (): Promise<Found> =>
        call(
          `import { ensurePython } from ${script('python-environment.mjs')}; ` +
            `const found = await ensurePython(${JSON.stringify({ folder, requirements })});`,
        );
      const made = { python: join(folder, 'bin', 'python') };
      await writeFile(requirements, '# nothing\n');

      // What an installation that was ended in the middle leaves.
      await mkdir(join(folder, 'bin'), { recursive: true });
      await writeFile(made.python, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      await writeFile(mark, '');
      expect(await ensure()).toEqual(made);
      expect([existsSync(mark), existsSync(stamp)]).toEqual([false, true]);

      await writeFile(mark, '');
      expect(await ensure()).toEqual(made);
      expect(existsSync(mark)).toBe(true);

      // As after the interpreter that it was made with is gone.
      await rm(made.python);
      expect(await ensure()).toEqual(made);
      expect(existsSync(mark)).toBe(false);

      // A sentence, no exception: the tests that need no Python are run. It is not taken for a whole one later.
      await writeFile(requirements, '--no-index\nno-such-package-at-all==1.0\n');
      const { problem } = await ensure();
      expect(problem).toMatch(/^test\/requirements\.txt could not be installed: .*\.$/);
      expect(existsSync(stamp)).toBe(false);
    }),
  300_000,
);

test.each([
  ['test/unit/protocol/frames.test.ts', false],
  ['test/interop/jupyter-client-session.test.ts', true],
])('%s alone needs the environment: %s', async (suite, needed) => {
  const { stdout } = await runNode(`
    import { suitesOf } from ${script('jest-run.mjs')};
    import { pythonSuites } from ${script('python-suites.mjs')};
    const users = await pythonSuites();
    const suites = await suitesOf([${JSON.stringify(suite)}]);
    console.log(JSON.stringify([suites, suites.some((one) => users.includes(one))]));
  `);
  expect(JSON.parse(stdout)).toEqual([[suite], needed]);
});

test('no suite of test/unit uses Python, the command or a Jupyter of its own', async () => {
  const helpers = ['python.ts', 'command-line.ts', 'kernel/jupyter-environment.ts', 'kernel/workplace.ts'];
  const { stdout } = await runNode(
    `
    import { suitesUsing } from ${script('python-suites.mjs')};
    const found = await Promise.all(process.argv.slice(1).map((helper) => suitesUsing(helper)));
    console.log(JSON.stringify(found));
  `,
    helpers.map((helper) => `test/support/${helper}`),
  );
  const found: string[][] = JSON.parse(stdout);
  expect(found.map((suites) => suites.length > 0)).toEqual(helpers.map(() => true));
  expect(found.flat().filter((suite) => suite.startsWith('test/unit/'))).toEqual([]);
});
