import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inRoot } from '../../scripts/tasks/run.mjs';
import { openKernels } from './kernels.mjs';
import { ensurePeers, writeKernelspecs } from './peers.mjs';

/**
 * What measurements work with: `env` of a front end whose kernels are installed in a folder of their own, that `folder`, `python` with
 * jupyter_client and ipykernel, the `command` jupyter-curve, and `kernels`. `quick` says that little time is wanted.
 */
export async function openBench(python, quick) {
  const peers = await ensurePeers();
  const folder = await mkdtemp(join(tmpdir(), 'jupyter-curve-bench-'));
  const command = inRoot('dist', 'cli', 'main.js');
  const env = {
    ...process.env,
    PATH: `${dirname(python)}${delimiter}${process.env.PATH}`,
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_PATH: join(folder, 'prefix', 'share', 'jupyter'),
    IPYTHONDIR: join(folder, 'ipython'),
  };
  // Where it is set, Node 20 reads it at every start, which takes longer than all else that `node -e 0` does.
  delete env.NODE_EXTRA_CA_CERTS;
  await mkdir(env.JUPYTER_RUNTIME_DIR, { mode: 0o700 });
  // As users install it: this makes the kernel's code cache too.
  await promisify(execFile)(process.execPath, [command, 'install', '--prefix', join(folder, 'prefix')], { env });
  await writeKernelspecs(env.JUPYTER_PATH, peers);
  const bench = { env, folder, python, command, quick };
  const kernels = openKernels(bench);
  return {
    ...bench,
    kernels,
    async close() {
      await kernels.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
