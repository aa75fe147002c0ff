import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { findPythonPrefix, type PythonPrefix } from './python-prefix.js';

/** Jupyter's folders in search order, as `jupyter --paths --json` prints them. */
export interface JupyterPaths {
  readonly data: string[];
  readonly config: string[];
  /** The user's own folder among `data`, where kernelspecs are installed by default. */
  readonly userData: string;
  /** The folder of connection files. */
  readonly runtime: string;
}

/** Options of {@link jupyterPaths}. */
export interface JupyterPathsOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Used as `sys.prefix`; default: see {@link findPythonPrefix}. */
  readonly python?: PythonPrefix;
}

/**
 * Jupyter's folders by the rules of jupyter_core 5.9 (`paths.py`). Three differences: the Python environment is the active one
 * instead of the one that runs `jupyter`; empty entries of `JUPYTER_PATH`, which mean the working directory to Python, are
 * dropped, because any user who can write there could run commands; `JUPYTER_NO_CONFIG` gives no config folder instead of an empty one.
 */
export async function jupyterPaths(options: JupyterPathsOptions = {}): Promise<JupyterPaths> {
  const env = options.env ?? process.env;
  const python = options.python ?? (await findPythonPrefix(env));
  const folders = await personalFolders(env);
  const userBases = python?.userSite === false ? [] : await pythonUserBases(env, folders.home);
  const envFirst = await preferEnvironment(env, python);

  const search = (kind: 'data' | 'config', explicit: string | undefined): string[] => {
    const share = kind === 'data' ? 'share' : 'etc';
    const own = python === undefined ? [] : [join(python.path, share, 'jupyter')];
    const shared = systemFolders(env, kind);
    const environment = own.filter((folder) => !shared.includes(folder));
    const user = [folders[kind], ...userBases.map((base) => join(base, share, 'jupyter'))];
    const middle = envFirst ? [...environment, ...user] : [...user, ...environment];
    return [...new Set([...splitPath(explicit), ...middle, ...shared])];
  };

  return {
    data: search('data', env['JUPYTER_PATH']),
    config: env['JUPYTER_NO_CONFIG'] ? [] : search('config', env['JUPYTER_CONFIG_PATH']),
    userData: folders.data,
    runtime: runtimeIn(folders.data, env),
  };
}

/** Finds {@link JupyterPaths.userData} alone, without a search for Python. */
export async function jupyterDataFolder(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return (await personalFolders(env)).data;
}

/** Finds {@link JupyterPaths.runtime} alone, without a search for Python. */
export async function jupyterRuntimeFolder(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return runtimeIn((await personalFolders(env)).data, env);
}

function runtimeIn(data: string, env: NodeJS.ProcessEnv): string {
  return env['JUPYTER_RUNTIME_DIR'] || join(data, 'runtime');
}

/** jupyter_core's `envset`: true if set to anything but a word for no. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && !['no', 'n', 'false', 'off', '0', '0.0'].includes(value.toLowerCase());
}

function splitPath(value: string | undefined): string[] {
  return (value ?? '')
    .split(delimiter)
    .map((folder) => folder.replace(/[/\\]+$/, ''))
    .filter((folder) => folder !== '');
}

async function personalFolders(env: NodeJS.ProcessEnv): Promise<{ home: string; data: string; config: string }> {
  const plainHome = env['HOME'] || homedir();
  const home = await realpath(plainHome).catch(() => plainHome);
  const platform = isSet(env['JUPYTER_PLATFORM_DIRS']) ? platformFolders(env, plainHome) : undefined;
  const config = env['JUPYTER_CONFIG_DIR'] || (platform?.config ?? join(home, '.jupyter'));
  return { home, config, data: env['JUPYTER_DATA_DIR'] || (platform?.data ?? defaultDataFolder(env, home)) };
}

function defaultDataFolder(env: NodeJS.ProcessEnv, home: string): string {
  if (process.platform === 'darwin') return join(home, 'Library', 'Jupyter');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'jupyter');
}

/** The locations of Python's `platformdirs`, which `JUPYTER_PLATFORM_DIRS` switches to. */
function platformFolders(env: NodeJS.ProcessEnv, home: string): { data: string; config: string } {
  const [name, data, config] =
    process.platform === 'darwin'
      ? ['Jupyter', join(home, 'Library', 'Application Support'), join(home, 'Library', 'Application Support')]
      : ['jupyter', join(home, '.local', 'share'), join(home, '.config')];
  return {
    data: join(absolute(env['XDG_DATA_HOME']) ?? data, name),
    config: join(absolute(env['XDG_CONFIG_HOME']) ?? config, name),
  };
}

/** The folders of the system. */
function systemFolders(env: NodeJS.ProcessEnv, kind: 'data' | 'config'): string[] {
  if (!isSet(env['JUPYTER_PLATFORM_DIRS'])) {
    return kind === 'data'
      ? ['/usr/local/share/jupyter', '/usr/share/jupyter']
      : ['/usr/local/etc/jupyter', '/etc/jupyter'];
  }
  const name = process.platform === 'darwin' ? 'Jupyter' : 'jupyter';
  const listed = splitPath(env[kind === 'data' ? 'XDG_DATA_DIRS' : 'XDG_CONFIG_DIRS']).filter((dir) => isAbsolute(dir));
  const usual = kind === 'data' ? ['/usr/local/share', '/usr/share'] : ['/etc/xdg'];
  const fallback = process.platform === 'darwin' ? ['/Library/Application Support'] : usual;
  return (listed.length > 0 ? listed : fallback).map((dir) => join(dir, name));
}

function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? folder : undefined;
}

/** Python's `site.getuserbase()`. On macOS its path names the Python's version, so every version counts. */
async function pythonUserBases(env: NodeJS.ProcessEnv, home: string): Promise<string[]> {
  if (env['PYTHONUSERBASE']) return [env['PYTHONUSERBASE']];
  if (process.platform !== 'darwin') return [join(home, '.local')];
  const versions = await readdir(join(home, 'Library', 'Python')).catch(() => []);
  return versions.map((version) => join(home, 'Library', 'Python', version));
}

/** True if kernels of the environment take precedence over those of the user: on request, or in an owned venv or conda environment. */
async function preferEnvironment(env: NodeJS.ProcessEnv, python: PythonPrefix | undefined): Promise<boolean> {
  if (env['JUPYTER_PREFER_ENV_PATH'] !== undefined) return isSet(env['JUPYTER_PREFER_ENV_PATH']);
  if (python === undefined) return false;
  const conda =
    env['CONDA_PREFIX'] !== undefined &&
    python.path.startsWith(env['CONDA_PREFIX']) &&
    (env['CONDA_DEFAULT_ENV'] ?? 'base') !== 'base';
  return (python.venv || conda) && isOwn(python.path);
}

async function isOwn(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return dirname(path) !== path && isOwn(dirname(path));
  return found.uid === process.geteuid?.();
}
