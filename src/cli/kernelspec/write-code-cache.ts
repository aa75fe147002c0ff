import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkKernelSpec, readKernelSpec, type KernelSpec } from '../../launch/kernelspec.js';
import { startKernel } from '../../manager/lifecycle/start-kernel.js';
import { hasCodeCache, WRITE_CODE_CACHE } from '../../support/code-cache.js';
import { EVALUATOR_BUNDLE, evaluatorCommand, evaluatorEnvironment } from '../../typescript/evaluator-command.js';
import { EvaluatorProcess } from '../../typescript/evaluator-process.js';
import { kernelBundle, kernelFile, programFile, relayBundle } from '../package-files.js';

/** Milliseconds for the start of the kernel that writes the cache. */
const START_TIMEOUT = 20_000;

/** A cell that has most of what first cells need compiled: types, output, a result. It ends the process, which then writes the cache. */
const FIRST_CELL = 'const one: number = 1;\nconsole.log(one);\ndisplay({ one });\nprocess.exit();';

/**
 * Has a kernel, an evaluator and a relay write the code caches of their bundles (src/support/code-cache.ts), where there are none: kernels start in half the time with
 * them. `kernelspec` is the folder of one that was installed. The folder of the package is another account's where root installed it; then kernels start
 * without, and that is no error.
 */
export async function writeCodeCaches(kernelspec: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jupyter-curve-'));
  try {
    const spec = await readKernelSpec('typescript', kernelspec);
    if (!hasCodeCache(kernelBundle)) await writeByKernel({ ...spec, argv: [...spec.argv, WRITE_CODE_CACHE] }, folder);
    if (!hasCodeCache(EVALUATOR_BUNDLE)) await writeByEvaluator(folder);
    await writeRelayCodeCache();
  } catch {
    // The next installation tries again.
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same for the relay, by one with a kernel of ours behind it. */
export async function writeRelayCodeCache(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jupyter-curve-'));
  try {
    if (hasCodeCache(relayBundle)) return;
    const connection = ['--connection-file', '{connection_file}'];
    const spec = { argv: [process.execPath, kernelFile, ...connection], display_name: '', language: 'typescript' };
    await writeFile(join(folder, 'kernel.json'), JSON.stringify(spec));
    const relay = [process.execPath, programFile, 'relay', WRITE_CODE_CACHE, ...connection, '--spec', folder];
    const metadata = { supported_encryption: ['curve'] };
    await writeByKernel(checkKernelSpec('relay', folder, { ...spec, argv: relay, metadata }, folder), folder);
  } catch {
    // The next one to be wrapped tries again.
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeByKernel(spec: KernelSpec, folder: string): Promise<void> {
  const kernel = await startKernel({
    kernelName: spec.name,
    // Nothing of the user's: no policy and no authorized client counts for this kernel, and nothing is left in their folders.
    env: { JUPYTER_RUNTIME_DIR: folder, JUPYTER_DATA_DIR: folder, JUPYTER_CONFIG_DIR: folder },
    cwd: folder,
    transportEncryption: 'required',
    startTimeout: START_TIMEOUT,
    autoRestart: false,
    onWarning: () => undefined,
    findKernelSpec: async () => spec,
  });
  await kernel.shutdown();
}

async function writeByEvaluator(folder: string): Promise<void> {
  const command = await evaluatorCommand(process.execPath, []);
  const evaluator = new EvaluatorProcess({
    command: { ...command, arguments: [...command.arguments, WRITE_CODE_CACHE] },
    cwd: folder,
    env: evaluatorEnvironment(process.env),
    onMessage: ({ type }) => {
      if (type !== 'ready') return;
      evaluator.send({
        type: 'execute',
        id: 1,
        code: FIRST_CELL,
        executionCount: 1,
        silent: false,
        userExpressions: {},
      });
    },
    onRawOutput: () => undefined,
  });
  const timer = setTimeout(() => evaluator.kill('it did not write its code cache'), START_TIMEOUT);
  await evaluator.ended;
  clearTimeout(timer);
}
