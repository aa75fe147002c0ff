/**
 * A Jupyter installation of a test's own: an empty home, its own runtime folder, our kernelspec beside the test Python's.
 * Everything that is started with `env` carries a tag, so that what it leaves behind can be found.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../eventually.js';
import { pythonPath } from '../python.js';
import { repository } from '../repository.js';

const run = promisify(execFile);
const TAG = 'JUPYTER_CURVE_TEST_TAG';

export interface JupyterEnvironment {
  readonly folder: string;
  readonly runtime: string;
  /** The environment to start everything with. */
  readonly env: NodeJS.ProcessEnv;
  /** Processes with this environment's tag, and files in its runtime folder: what should be empty at the end. */
  leftovers(): Promise<readonly string[]>;
  /** Ends what is left, by id, and removes the folder. */
  dispose(): Promise<void>;
}

export async function createJupyterEnvironment(
  extra: NodeJS.ProcessEnv = {},
  options: { readonly kernel?: boolean } = {},
): Promise<JupyterEnvironment> {
  const folder = await mkdtemp(join(tmpdir(), 'jc-'));
  const tag = randomUUID();
  const runtime = join(folder, 'run');
  const prefix = join(folder, 'prefix');
  const python = pythonPath();
  await Promise.all([mkdir(join(folder, 'home')), mkdir(runtime, { mode: 0o700 }), mkdir(prefix)]);
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^JUPYTER|^JPY_|^NODE_/.test(name)),
  );
  const env: NodeJS.ProcessEnv = {
    ...inherited,
    HOME: join(folder, 'home'),
    TMPDIR: folder,
    PATH: `${dirname(python)}${delimiter}${process.env['PATH'] ?? ''}`,
    JUPYTER_RUNTIME_DIR: runtime,
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_PATH: join(prefix, 'share', 'jupyter'),
    IPYTHONDIR: join(folder, 'ipython'),
    [TAG]: tag,
    ...extra,
  };
  if (options.kernel !== false) {
    await run(process.execPath, [join(repository, 'dist/cli/main.js'), 'install', '--prefix', prefix], { env });
  }
  return {
    folder,
    runtime,
    env,
    leftovers: async () => [
      ...(await taggedProcesses(tag)).map((found) => `process ${found.pid}: ${found.command}`),
      ...(await readdir(runtime)).map((name) => `file ${name}`),
    ],
    dispose: async () => {
      for (const { pid } of await taggedProcesses(tag)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself in the meantime.
        }
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function taggedProcesses(tag: string): Promise<{ readonly pid: number; readonly command: string }[]> {
  const found = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const environment = await readFile(`/proc/${name}/environ`, 'utf8');
      if (!environment.includes(`${TAG}=${tag}`)) continue;
      await readlink(`/proc/${name}/exe`); // fails for a zombie, which is only waiting to be collected
      found.push({
        pid: Number(name),
        command: (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' '),
      });
    } catch {
      // The process ended while we looked, or is not ours to read.
    }
  }
  return found;
}

/** Resolves when nothing is left; with what is still there when it does not go. */
export async function waitForNothingLeft(environment: JupyterEnvironment): Promise<readonly string[]> {
  const gone = async (): Promise<boolean> => (await environment.leftovers()).length === 0;
  return eventually(gone).then(
    () => [],
    () => environment.leftovers(),
  );
}
