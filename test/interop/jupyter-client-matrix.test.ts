/** jupyter_client, unmodified, starts each kernel over each transport under each policy, and lives its life with it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createJupyterEnvironment, waitForNothingLeft } from '../support/kernel/jupyter-environment.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';

const run = promisify(execFile);
const scenario = join(repository, 'test/support/programs/jupyter_client_scenario.py');

describe.each(['typescript', 'python3'])('jupyter_client with the %s kernel', (kernel) => {
  describe.each(['tcp', 'ipc'])('over %s', (transport) => {
    test.each(['disabled', 'auto', 'required'])('lives through start to shutdown under %s', async (policy) => {
      const environment = await createJupyterEnvironment();
      try {
        const { stdout } = await run(pythonPath(), [scenario, kernel, transport, policy], {
          env: environment.env,
          cwd: environment.folder,
        });
        const encrypted = policy !== 'disabled';
        expect(JSON.parse(stdout)).toEqual({
          keys: encrypted,
          mode: '0o600',
          plaintext_peer_is_answered: !encrypted,
          stdout: ['ok', '42\n', null],
          state: ['ok', '', null],
          stdin: ['ok', 'got Ada\n', null],
          interrupt: 'error',
          recall: ['ok', 'still here\n', null],
          second_client: ['ok', 'still here\n', null],
          after_restart: 'error',
          stdout_after_restart: ['ok', '42\n', null],
          alive: false,
          file_left: false,
        });
        expect(await waitForNothingLeft(environment)).toEqual([]);
      } finally {
        await environment.dispose();
      }
    });
  });
});
