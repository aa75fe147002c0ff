import { access, chmod, copyFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';
import { INNER_FILE, readWrappedSpec, relayedBy, specHash } from '../../relay/wrapped-spec.js';
import { succeeds } from '../../support/succeeds.js';
import { programFile } from '../package-files.js';

/** Options of {@link writeWrappedSpec}. */
export interface WrappedSpecOptions {
  readonly original: KernelSpec;
  readonly name: string;
  /** Where the kernelspec is going to be. */
  readonly folder: string;
  /** Further arguments of `relay`. */
  readonly options: readonly string[];
}

/** What a front end shows of a kernel. */
const SHOWN_FILE = /^(?:logo-.*\.(?:png|svg)|kernel\.(?:js|css))$/;

/**
 * Finds the kernel to wrap; where that name is a relay already, the kernel behind it.
 *
 * @throws CurveKernelError `kernelspec-missing`, `kernelspec-invalid`; `usage` for a kernel that cannot be wrapped, or need not be.
 */
export async function findWrappable(name: string, force: boolean): Promise<KernelSpec> {
  const found = await findKernelSpec(name);
  const relayed = relayedBy(found);
  const spec = relayed === undefined ? found : await readWrappedSpec(relayed.spec);
  const provisioner = spec.metadata['kernel_provisioner'];
  const starts = isJsonObject(provisioner) ? provisioner['provisioner_name'] : undefined;
  if (starts !== undefined && starts !== 'local-provisioner') {
    throw refused(
      spec,
      `is started by the provisioner ${JSON.stringify(starts)}`,
      'Only kernels of this machine can be wrapped.',
    );
  }
  if (spec.supportsCurve && !force) {
    throw refused(spec, 'can encrypt itself', 'Wrap it with --force if you want the access control of jupyter-curve.');
  }
  return spec;
}

/** Writes the kernelspec of a relay, and what front ends show of the original, into `draft`. */
export async function writeWrappedSpec(draft: string, options: WrappedSpecOptions): Promise<void> {
  const { original } = options;
  const hasFolder = await succeeds(access(join(original.resourceDir, 'kernel.json')));
  const spec = await wrappedSpec(options, hasFolder ? resolve(original.resourceDir) : options.folder);
  // Independent of the umask: a user who could write here could make front ends run another command.
  const write = (file: string, value: object): Promise<void> =>
    writeFile(join(draft, file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o644 });
  await write('kernel.json', spec);
  if (!hasFolder) {
    await write(INNER_FILE, { name: original.name, resource_dir: original.resourceDir, spec: original.raw });
  }
  for (const file of await readdir(original.resourceDir).catch(() => [])) {
    if (!SHOWN_FILE.test(file)) continue;
    await copyFile(join(original.resourceDir, file), join(draft, file));
    await chmod(join(draft, file), 0o644);
  }
}

async function wrappedSpec({ original, name, options }: WrappedSpecOptions, spec: string): Promise<JsonObject> {
  // `env` is for the kernel behind: NODE_OPTIONS or LD_LIBRARY_PATH in it would be the relay's.
  const { env: _env, ...raw } = original.raw;
  // Where this Node knows the flag, SIGUSR1 opens no inspector from the first instruction on.
  const isKnown = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1');
  const node = [process.execPath, ...(isKnown ? ['--disable-sigusr1'] : [])];
  const front = ['relay', '--connection-file', '{connection_file}', '--prefix', '{prefix}', '--spec', spec];
  const isSame = name === original.name;
  const relays = { spec, name: original.name, sha256: specHash(original.raw) };
  return {
    ...raw,
    // What front ends append goes to the kernel behind.
    argv: [...node, await realpath(programFile), ...front, ...options, '--'],
    display_name: isSame ? original.displayName : `${original.displayName} (encrypted)`,
    interrupt_mode: 'message',
    metadata: {
      ...original.metadata,
      supported_encryption: ['curve'],
      jupyter_curve: { secret_by_environment: true, relays },
    },
  };
}

const refused = (spec: KernelSpec, problem: string, hint: string): CurveKernelError =>
  new CurveKernelError('usage', `The kernel "${spec.name}" ${problem}.`, { hint, data: { name: spec.name } });
