import { homedir } from 'node:os';
import { join } from 'node:path';
import { CurveKernelError } from '../errors.js';
import type { KernelSpec } from './kernelspec.js';
import { findExecutable, findPythonPrefix } from './python-prefix.js';
import { readWrappedSpec, relayedBy } from './relayed-spec.js';
import { isObject } from '../support/is-object.js';

/** Options of {@link expandArgv}. */
export interface ExpandArgvOptions {
  /** If false, an ipykernel keeps its history in memory instead of the history file of the user's IPython. Default true. */
  readonly ipythonHistory?: boolean | undefined;
  /** The prefix of the Python environment of the front end. Default: found as {@link expandArgv} says. */
  readonly prefix?: string | undefined;
}

/** The module or the script that starts an ipykernel; other kernels refuse its options. */
const IPYKERNEL = /(?:^|[/\\])ipykernel(?:\.kernelapp|_launcher(?:\.py)?)?$/;
const HISTORY_FILE = '--HistoryManager.hist_file=';

/**
 * Expands `argv` of a kernelspec: fills in `{connection_file}`, `{resource_dir}` and `{prefix}`, expands `~/`, and replaces a bare `python`
 * by the Python that the kernelspec was installed for, as jupyter_client does with its own (`format_kernel_cmd`).
 *
 * @throws CurveKernelError `kernelspec-invalid` when `argv` is empty, or the kernelspec asks for a kernel provisioner.
 */
export async function expandArgv(
  spec: KernelSpec,
  connectionFile: string,
  env: NodeJS.ProcessEnv,
  { ipythonHistory = true, prefix: given }: ExpandArgvOptions = {},
): Promise<readonly string[]> {
  const [program, ...rest] = spec.argv;
  checkLaunchable(spec);
  if (program === undefined) throw unlaunchableError(spec, 'has an empty argv', 'Install the kernel again.');
  const prefix = installPrefix(spec);
  const values: Readonly<Record<string, string | undefined>> = {
    connection_file: connectionFile,
    resource_dir: spec.resourceDir,
    prefix: given ?? prefix ?? (await findPythonPrefix(env))?.path,
  };
  const home = env['HOME'] || homedir();
  const fill = (argument: string): string =>
    argument
      .replace(/\{([A-Za-z0-9_]+)\}/g, (template, name: string) =>
        Object.hasOwn(values, name) ? (values[name] ?? template) : template,
      )
      .replace(/^~(?=\/|$)/, () => home);
  const command = [(await findPython(program, [given, prefix], env)) ?? program, ...rest].map(fill);
  if (ipythonHistory) return command;
  const relayed = relayedBy(spec);
  const ofKernel = relayed === undefined ? command : (await readWrappedSpec(relayed.spec)).argv;
  const keepsArgv = [...command, ...ofKernel].some((argument) => argument.startsWith(HISTORY_FILE));
  if (keepsArgv || !ofKernel.some((argument) => IPYKERNEL.test(argument))) return command;
  return [...command, `${HISTORY_FILE}:memory:`]; // as nbclient does
}

/** The prefix that a kernelspec was installed under: `…` of `…/share/jupyter/kernels/name`. */
function installPrefix(spec: KernelSpec): string | undefined {
  return /^(.+)[/\\]share[/\\]jupyter[/\\]kernels[/\\][^/\\]+$/.exec(spec.resourceDir)?.[1];
}

async function findPython(
  program: string,
  prefixes: readonly (string | undefined)[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (!/^python(3(\.\d+)?)?$/.test(program)) return undefined;
  // A Python that is named with its version is not replaced by another version.
  const names = program.includes('.') ? [program] : [program, program === 'python' ? 'python3' : 'python'];
  for (const folder of [...prefixes, env['VIRTUAL_ENV'], env['CONDA_PREFIX']]) {
    if (!folder) continue;
    const found = await findExecutable(names, env, [join(folder, 'bin')]);
    if (found !== undefined) return found;
  }
  return findExecutable(names, env);
}

function checkLaunchable(spec: KernelSpec): void {
  const provisioner = spec.metadata['kernel_provisioner'];
  const name = isObject(provisioner) ? provisioner['provisioner_name'] : undefined;
  if (name === undefined || name === 'local-provisioner') return;
  throw unlaunchableError(
    spec,
    `asks for the provisioner ${JSON.stringify(name)}`,
    'Start this kernel with jupyter_client.',
  );
}

function unlaunchableError(spec: KernelSpec, problem: string, hint: string): CurveKernelError {
  return new CurveKernelError('kernelspec-invalid', `The kernelspec "${spec.name}" ${problem}.`, {
    hint,
    data: { name: spec.name, resourceDir: spec.resourceDir },
  });
}
