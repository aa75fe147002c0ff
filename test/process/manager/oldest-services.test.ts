/** The library with the oldest @jupyterlab/services that it promises to work with, as an application would have both. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { createJupyterEnvironment } from '../../support/kernel/jupyter-environment.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

const services = join(repository, '.cache/services-7.4');

requireOrSkip('@jupyterlab/services 7.4', existsSync(join(services, 'node_modules')))(
  'a kernel lives through start to shutdown with @jupyterlab/services 7.4',
  async () => {
    const environment = await createJupyterEnvironment();
    // Below that folder its packages are found before those of this repository.
    const application = await mkdtemp(join(services, 'application-'));
    try {
      const library = join(application, 'node_modules/jupyter-curve');
      await mkdir(library, { recursive: true });
      for (const part of ['dist', 'package.json'])
        await cp(join(repository, part), join(library, part), { recursive: true });
      const scenario = join(application, 'scenario.mjs');
      await cp(join(repository, 'test/support/programs/manager-scenario.mjs'), scenario);
      const { stdout } = await promisify(execFile)(process.execPath, [scenario, 'typescript', 'tcp', 'required'], {
        env: environment.env,
        cwd: environment.folder,
      });
      expect(JSON.parse(stdout)).toMatchObject({
        mechanisms: ['curve'],
        stdin: ['ok', 'got Ada\n', null],
        interrupt: 'error',
        second_client: ['ok', 'still here\n', null],
        stdout_after_restart: ['ok', '42\n', null],
        file_left: false,
      });
    } finally {
      await rm(application, { recursive: true, force: true });
      await environment.dispose();
    }
  },
);
