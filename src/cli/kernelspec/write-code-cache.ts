import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKernelSpec } from '../../launch/kernelspec.js';
import { startKernel } from '../../manager/lifecycle/start-kernel.js';
import { hasCodeCache } from '../../support/code-cache.js';
import { kernelBundle } from '../package-files.js';

/** Milliseconds for the start of the kernel that writes the cache. */
const START_TIMEOUT = 20_000;

/**
 * Has a kernel write the code cache of its bundle (src/support/code-cache.ts), where there is none: kernels start in half the time with it. `kernelspec` is the
 * folder of one that was installed. The folder of the package is another account's where root installed it; then kernels start without, and that is no error.
 */
export async function writeCodeCache(kernelspec: string): Promise<void> {
  if (hasCodeCache(kernelBundle)) return;
  const folder = await mkdtemp(join(tmpdir(), 'jupyter-curve-'));
  try {
    const spec = await readKernelSpec('typescript', kernelspec);
    const kernel = await startKernel({
      kernelName: spec.name,
      // Nothing of the user's: no policy and no authorized client counts for this kernel, and nothing is left in their folders.
      env: { JUPYTER_RUNTIME_DIR: folder, JUPYTER_DATA_DIR: folder, JUPYTER_CONFIG_DIR: folder },
      cwd: folder,
      transportEncryption: 'required',
      startTimeout: START_TIMEOUT,
      autoRestart: false,
      onWarning: () => undefined,
      findKernelSpec: async () => ({ ...spec, argv: [...spec.argv, '--write-code-cache'] }),
    });
    await kernel.shutdown();
  } catch {
    // The next installation tries again.
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
