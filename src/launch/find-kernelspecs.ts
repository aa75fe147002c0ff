import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import type { ManagerWarning } from './encryption-policy.js';
import { succeeds } from '../support/succeeds.js';
import { jupyterPaths } from './jupyter-paths.js';
import { type KernelSpec, readKernelSpec } from './kernelspec.js';
import { findNativePython } from './native-python.js';
import { findPythonPrefix } from './python-prefix.js';
import { definedOnly } from '../support/defined-only.js';

/** Options of the search for kernelspecs. */
export interface FindKernelSpecsOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Leave out the Python that has ipykernel and no kernelspec: finding that may run it. Default: false. */
  readonly installedOnly?: boolean;
  /** Called for every kernelspec that cannot be used. */
  readonly onWarning?: (warning: ManagerWarning) => void;
}

const NATIVE_NAME = 'python3';

/**
 * Finds every installed kernelspec, by name, as jupyter_client 8.10 does (`kernelspec.py`): the first folder of the search
 * path that has a name wins, and a Python with ipykernel is added as `python3` if there is no other kernelspec of that name.
 */
export async function findKernelSpecs(options: FindKernelSpecsOptions = {}): Promise<Map<string, KernelSpec>> {
  const env = options.env ?? process.env;
  const specs = new Map<string, KernelSpec>();
  const { parents, python } = await searchPath(env);
  for (const [name, resourceDir] of await findSpecFolders(parents)) {
    const problem = await readKernelSpec(name, resourceDir).then(
      (spec) => void specs.set(name, spec),
      (error: unknown) => error,
    );
    if (isCurveKernelError(problem)) {
      options.onWarning?.({ code: 'kernelspec-invalid', message: problem.message, hint: problem.hint });
    } else if (problem !== undefined) throw problem;
  }
  if (!specs.has(NATIVE_NAME) && options.installedOnly !== true) {
    const native = await findNativePython(NATIVE_NAME, env, python);
    if (native !== undefined) specs.set(NATIVE_NAME, native);
  }
  return specs;
}

/**
 * Finds the kernelspec called `name`, in any case.
 *
 * @throws CurveKernelError `kernelspec-missing`, naming the installed kernels and the folders searched; `kernelspec-invalid`.
 */
export async function findKernelSpec(name: string, options: FindKernelSpecsOptions = {}): Promise<KernelSpec> {
  const env = options.env ?? process.env;
  const wanted = name.toLowerCase();
  const { parents, python } = await searchPath(env);
  const folders = await findSpecFolders(parents);
  const resourceDir = folders.get(wanted);
  if (resourceDir !== undefined) return readKernelSpec(wanted, resourceDir);
  const native = wanted === NATIVE_NAME ? await findNativePython(NATIVE_NAME, env, python) : undefined;
  if (native !== undefined) return native;
  const available = [...folders.keys()].toSorted();
  const found = available.length === 0 ? 'none is installed' : `installed are ${available.join(', ')}`;
  const install = wanted === 'typescript' ? 'Run "jupyter-curve install"' : 'Install it';
  throw new CurveKernelError('kernelspec-missing', `There is no kernel called "${name}"; ${found}.`, {
    hint: `${install}, or set JUPYTER_PATH; the folders searched are ${parents.join(', ')}.`,
    data: { name, available, searched: parents },
  });
}

/** The folders with kernelspecs, IPython's own last, and the Python environment: finding it can take a process, so it is done once. */
async function searchPath(env: NodeJS.ProcessEnv) {
  const python = await findPythonPrefix(env);
  const { data } = await jupyterPaths({ env, ...definedOnly({ python }) });
  const ipython = env['IPYTHONDIR'] || join(env['HOME'] || homedir(), '.ipython');
  return { parents: [...data, ipython].map((folder) => join(folder, 'kernels')), python };
}

async function findSpecFolders(parents: readonly string[]): Promise<Map<string, string>> {
  const folders = new Map<string, string>();
  for (const parent of parents) {
    for (const entry of await readdir(parent).catch(() => [])) {
      const folder = join(parent, entry);
      const name = entry.toLowerCase();
      if (!folders.has(name) && (await succeeds(access(join(folder, 'kernel.json'))))) folders.set(name, folder);
    }
  }
  return folders;
}
