/** Our manager starts each kernel over each transport under each policy, and lives its life with it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createJupyterEnvironment, waitForNothingLeft } from '../support/kernel/jupyter-environment.js';
import { repository } from '../support/repository.js';

const run = promisify(execFile);
const scenario = join(repository, 'test/support/programs/manager-scenario.mjs');

describe.each(['typescript', 'python3'])('our manager with the %s kernel', (kernel) => {
  describe.each(['tcp', 'ipc'])('over %s', (transport) => {
    test.each(['disabled', 'auto', 'required'])('lives through start to shutdown under %s', async (policy) => {
      const environment = await createJupyterEnvironment();
      try {
        const { stdout } = await run(process.execPath, [scenario, kernel, transport, policy], {
          env: environment.env,
          cwd: environment.folder,
        });
        const encrypted = policy !== 'disabled';
        expect(JSON.parse(stdout)).toEqual({
          keys: encrypted,
          mode: '0o600',
          mechanisms: [encrypted ? 'curve' : 'null'],
          plaintext_peer: encrypted ? expect.stringMatching(/^(refused|mechanism-mismatch)$/) : 'admitted',
          stdout: ['ok', '42\n', null],
          state: ['ok', '', null],
          stdin: ['ok', 'got Ada\n', null],
          interrupt: 'error',
          recall: ['ok', 'still here\n', null],
          second_client: ['ok', 'still here\n', null],
          after_restart: 'error',
          stdout_after_restart: ['ok', '42\n', null],
          file_left: false,
        });
        expect(await waitForNothingLeft(environment)).toEqual([]);
      } finally {
        await environment.dispose();
      }
    });
  });
});
