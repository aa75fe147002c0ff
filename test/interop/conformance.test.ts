/** The community's own conformance suite, run as it is. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createJupyterEnvironment, waitForNothingLeft } from '../support/kernel/jupyter-environment.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';

test('the TypeScript kernel passes every test of jupyter_kernel_test, none skipped, under required', async () => {
  const environment = await createJupyterEnvironment();
  try {
    const suite = spawn(pythonPath(), [join(repository, 'test/support/programs/kernel_conformance.py')], {
      env: environment.env,
      cwd: environment.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let report = '';
    suite.stderr.on('data', (text) => (report += String(text)));
    suite.stdout.resume();
    const status = await new Promise((resolve) => suite.once('close', resolve));
    expect({ status, report }).toEqual({
      status: 0,
      report: expect.stringMatching(/\nRan 14 tests in [\d.]+s\n\nOK\n$/),
    });
    expect(await waitForNothingLeft(environment)).toEqual([]);
  } finally {
    await environment.dispose();
  }
});
