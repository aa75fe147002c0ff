import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { succeeds } from '../support/succeeds.js';
import { isJsonObject } from '../protocol/json-fields.js';
import { checkKernelSpec, type KernelSpec } from './kernelspec.js';
import { findExecutable, type PythonPrefix } from './python-prefix.js';

const DESCRIBE = [
  'import json',
  'from ipykernel.kernelspec import RESOURCES, get_kernel_dict',
  'print(json.dumps([RESOURCES, get_kernel_dict()]))',
].join('\n');

/**
 * The kernelspec of a Python that has ipykernel but no `kernel.json`, which Jupyter lists too (packages on `PYTHONPATH`, distribution
 * packages). Its content depends on the version of ipykernel, so ipykernel itself is asked; as that starts a Python, only if its folder
 * exists. Undefined when there is none.
 */
export async function findNativePython(
  name: string,
  env: NodeJS.ProcessEnv,
  prefix: PythonPrefix | undefined,
): Promise<KernelSpec | undefined> {
  if (prefix === undefined || !(await hasIpykernel(prefix, env))) return undefined;
  const python = await findExecutable(['python3', 'python'], env, [join(prefix.path, 'bin')]);
  if (python === undefined) return undefined;
  try {
    // With -c a Python imports from its working directory first, which other users may be able to write to.
    const options = { env, cwd: prefix.path, timeout: 30_000 };
    const { stdout } = await promisify(execFile)(python, ['-c', DESCRIBE], options);
    const described: unknown = JSON.parse(stdout);
    if (!Array.isArray(described)) return undefined;
    const [resourceDir, raw]: readonly unknown[] = described;
    if (typeof resourceDir !== 'string' || !isJsonObject(raw)) return undefined;
    return checkKernelSpec(name, resourceDir, raw, `of ipykernel in ${prefix.path}`);
  } catch {
    return undefined; // a leftover folder, or a Python that does not run: nothing to offer
  }
}

async function hasIpykernel(prefix: PythonPrefix, env: NodeJS.ProcessEnv): Promise<boolean> {
  const libraries = join(prefix.path, 'lib');
  const versions = await readdir(libraries).catch(() => []);
  const roots = [libraries, ...versions.filter((name) => name.startsWith('python3')).map((v) => join(libraries, v))];
  const packages = roots.flatMap((root) => [join(root, 'site-packages'), join(root, 'dist-packages')]);
  const listed = (env['PYTHONPATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = [...listed, ...packages].map((folder) => access(join(folder, 'ipykernel', 'kernelspec.py')));
  return succeeds(Promise.any(found));
}
