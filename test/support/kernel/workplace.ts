/** A folder where kernels are described, started and ended, with a runtime folder of its own. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ManagedKernelEvents } from '#src/manager/lifecycle/kernel-events.js';
import type { ManagedKernel } from '#src/manager/lifecycle/managed-kernel.js';
import { startKernel, type StartKernelOptions } from '#src/manager/lifecycle/start-kernel.js';
import { pythonPath } from '../python.js';
import { repository } from '../repository.js';

const CURVE = { supported_encryption: ['curve'] };

export interface Workplace {
  readonly folder: string;
  readonly runtime: string;
  readonly env: Readonly<Record<string, string>>;
  /** Describes a kernel: `argv` with `{connection_file}`. Advertises Curve unless `more` says otherwise. */
  describe(name: string, argv: readonly string[], more?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Describes `odd-kernel.py` with these manners. */
  describeOdd(name: string, manners: readonly string[], more?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Describes our own kernel as `typescript`. */
  describeTypeScript(): Promise<void>;
  start(kernelName: string, options?: Partial<StartKernelOptions>): Promise<ManagedKernel>;
  /** The files in the runtime folder. */
  files(): Promise<string[]>;
  /** Ends every kernel that `start` started, and removes the folder. */
  dispose(): Promise<void>;
}

export async function createWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'jc-'));
  const runtime = join(folder, 'run');
  const started = new Set<ManagedKernel>();
  const profile = join(folder, 'ipython', 'profile_default');
  await mkdir(profile, { recursive: true });
  // jedi takes seconds when its cache is cold, writes it into the home of whoever runs the tests, and breaks it when it is killed.
  await writeFile(join(profile, 'ipython_config.py'), 'c.Completer.use_jedi = False\n');
  const env = {
    JUPYTER_PATH: `${join(folder, 'share')}:${join(dirname(dirname(pythonPath())), 'share', 'jupyter')}`,
    JUPYTER_RUNTIME_DIR: runtime,
    IPYTHONDIR: join(folder, 'ipython'),
  };
  const describe: Workplace['describe'] = async (name, argv, more = {}) => {
    const place = join(folder, 'share', 'kernels', name);
    await mkdir(place, { recursive: true });
    const spec = { argv, display_name: name, language: 'none', metadata: CURVE, ...more };
    await writeFile(join(place, 'kernel.json'), JSON.stringify(spec));
  };
  return {
    folder,
    runtime,
    env,
    describe,
    describeOdd: (name, manners, more) =>
      describe(name, [pythonPath(), fixtureKernel('odd-kernel.py'), '{connection_file}', ...manners], more),
    describeTypeScript: () =>
      describe(
        'typescript',
        [process.execPath, join(repository, 'dist/cli/main.js'), 'kernel', '--connection-file', '{connection_file}'],
        { interrupt_mode: 'message', metadata: { ...CURVE, jupyter_curve: { secret_by_environment: true } } },
      ),
    start: async (kernelName, options = {}) => {
      const kernel = await startKernel({
        kernelName,
        onWarning: () => undefined,
        shutdownTimeout: 500,
        ...options,
        env: { ...env, ...options.env },
      });
      started.add(kernel);
      return kernel;
    },
    files: () => readdir(runtime).catch(() => []),
    dispose: async () => {
      await Promise.all([...started].map((kernel) => kernel.shutdown({ now: true })));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A program of test/support/kernel/programs. */
export function fixtureKernel(file: string): string {
  return join(repository, 'test/support/kernel/programs', file);
}

/** Whether a process exists and has not ended; one that ended and was not collected yet does not count. */
export async function isAlive(pid: number | undefined): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  if (process.platform === 'linux' || pid === undefined) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves with the next event of this name. */
export function nextEvent(kernel: ManagedKernel, event: keyof ManagedKernelEvents): Promise<unknown> {
  return new Promise((resolve) => {
    const off = kernel.on(event, (detail) => {
      off();
      resolve(detail);
    });
  });
}
