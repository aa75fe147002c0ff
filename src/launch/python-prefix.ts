import { execFile } from 'node:child_process';
import { access, constants, open, readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { succeeds } from '../support/succeeds.js';

/** A Python environment, as its `sys.prefix` and `site.ENABLE_USER_SITE` describe it. */
export interface PythonPrefix {
  readonly path: string;
  /** True for a virtual environment (PEP 405). */
  readonly venv: boolean;
  /** True if it sees packages in the user's home. */
  readonly userSite: boolean;
}

/**
 * Finds the Python environment that Jupyter would run in: `VIRTUAL_ENV`, else `CONDA_PREFIX`, else the first Python on the `PATH`.
 * The prefix is read from the layout of folders; only a shim (pyenv, asdf) has to be run. Undefined without a Python.
 */
export async function findPythonPrefix(env: NodeJS.ProcessEnv = process.env): Promise<PythonPrefix | undefined> {
  const path = env['VIRTUAL_ENV'] || env['CONDA_PREFIX'] || (await prefixOnPath(env));
  if (!path) return undefined;
  const config = await readFile(join(path, 'pyvenv.cfg'), 'utf8').catch(() => undefined);
  const isolated = config !== undefined && !/^\s*include-system-site-packages\s*=\s*true\s*$/im.test(config);
  return { path, venv: config !== undefined, userSite: !isolated && !env['PYTHONNOUSERSITE'] };
}

/** Finds the first of `names` that can be executed in one of `folders` (default: the `PATH`). */
export async function findExecutable(
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  folders: readonly string[] = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (await succeeds(access(file, constants.X_OK))) return file;
    }
  }
  return undefined;
}

async function prefixOnPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const python = await findExecutable(['python3', 'python'], env);
  if (python === undefined) return undefined;
  if (await isScript(python)) return askPrefix(python, env);
  // A virtual environment's python is a link to the one it was created from, so the link's own folder goes first.
  const own = prefixOf(python);
  return (await succeeds(access(join(own, 'pyvenv.cfg')))) ? own : prefixOf(await realpath(python));
}

const prefixOf = (python: string): string => dirname(dirname(python));

async function askPrefix(python: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const asked = promisify(execFile)(python, ['-c', 'import sys; print(sys.prefix)'], { env, timeout: 10_000 });
  return asked.then(
    ({ stdout }) => stdout.trim() || undefined,
    () => undefined,
  );
}

async function isScript(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.toString('latin1') === '#!';
  } finally {
    await handle.close();
  }
}
