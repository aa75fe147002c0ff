/** A kernelspec that runs the kernel of another one behind the relay: `jupyter-curve relay`, another process of this package. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { isJsonObject } from '../protocol/json-fields.js';
import type { JsonObject } from '../protocol/message.js';
import { SPEC_ENVIRONMENT } from '../support/spec-environment.js';
import { checkKernelSpec, readKernelSpec, type KernelSpec } from './kernelspec.js';

/** What a relay's kernelspec says of the kernel behind it, in `metadata.jupyter_curve.relays`. */
export interface Relayed {
  /** Its folder; or all of it, as data. */
  readonly spec: string;
  /** Its name when it was wrapped. */
  readonly name: string;
  /** {@link specHash} of it when it was wrapped. */
  readonly sha256: string;
}

/** The program behind the command. Found from this folder, and from any folder beside it that this module is bundled to. */
const PROGRAM = fileURLToPath(new URL('../cli/start-program.cjs', import.meta.url));
/** Stands before `{name, resource_dir, spec}` in base64, for a kernelspec that has no folder: an ipykernel that was never installed as one. */
const INLINE_SPEC = 'data:application/json;base64,';

/**
 * The content of `kernel.json` for a relay, with further options of `jupyter-curve relay`. Front ends append arguments behind its last one, `--`;
 * they are for the kernel behind.
 */
export function relayedSpec(original: KernelSpec, options: readonly string[] = []): JsonObject {
  // `env` is for the kernel behind: NODE_OPTIONS or LD_LIBRARY_PATH in it would be the relay's.
  const { env: _env, ...raw } = original.raw;
  // Where this Node knows the flag, SIGUSR1 opens no inspector from the first instruction on.
  const isKnown = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1');
  const node = [process.execPath, ...(isKnown ? ['--disable-sigusr1'] : [])];
  const spec = specArgument(original);
  const front = ['relay', '--connection-file', '{connection_file}', '--prefix', '{prefix}', '--spec', spec];
  const relays = { spec, name: original.name, sha256: specHash(original.raw) };
  return {
    ...raw,
    argv: [...node, realpathSync(PROGRAM), ...front, ...options, '--'],
    interrupt_mode: 'message',
    env: SPEC_ENVIRONMENT,
    metadata: {
      ...original.metadata,
      supported_encryption: ['curve'],
      jupyter_curve: { secret_by_environment: true, relays },
    },
  };
}

/** By its folder, which is read at each start: an update of the kernel counts. */
function specArgument({ name, resourceDir, raw }: KernelSpec): string {
  if (existsSync(join(resourceDir, 'kernel.json'))) return resolve(resourceDir);
  return INLINE_SPEC + Buffer.from(JSON.stringify({ name, resource_dir: resourceDir, spec: raw })).toString('base64');
}

/** The same for a manager that starts it itself. */
export function relayedKernelSpec(original: KernelSpec): KernelSpec {
  return checkKernelSpec(original.name, original.resourceDir, relayedSpec(original), original.resourceDir);
}

/** Why the relay cannot run a kernel; undefined if it can. */
export function whyNotRelayed({ metadata }: KernelSpec): string | undefined {
  if (process.platform === 'win32') return 'needs a relay to encrypt, which does not run on Windows';
  const provisioner = metadata['kernel_provisioner'];
  const starts = isJsonObject(provisioner) ? provisioner['provisioner_name'] : undefined;
  if (starts === undefined || starts === 'local-provisioner') return undefined;
  return `is started by the provisioner ${JSON.stringify(starts)}`;
}

/** What the kernelspec of a relay says of the kernel behind it; undefined for other kernelspecs. */
export function relayedBy({ metadata }: Pick<KernelSpec, 'metadata'>): Relayed | undefined {
  const ours = metadata['jupyter_curve'];
  const relays = isJsonObject(ours) ? ours['relays'] : undefined;
  if (!isJsonObject(relays)) return undefined;
  const { spec, name, sha256 } = relays;
  return typeof spec === 'string' && typeof name === 'string' && typeof sha256 === 'string'
    ? { spec, name, sha256 }
    : undefined;
}

/** The hash of a kernelspec's content, in hexadecimal. */
export function specHash(raw: JsonObject): string {
  return createHash('sha256').update(JSON.stringify(raw)).digest('hex');
}

/**
 * Reads the kernelspec behind a relay, which its argument `--spec` names: a folder, read at each start, so that an update counts; or the kernelspec
 * itself, as data.
 *
 * @throws CurveKernelError `kernelspec-missing` when it is gone; `kernelspec-invalid`.
 */
export async function readWrappedSpec(argument: string): Promise<KernelSpec> {
  if (argument.startsWith(INLINE_SPEC)) return readInline(argument);
  return readKernelSpec(basename(argument), argument).catch((error: unknown) => {
    if (isCurveKernelError(error, 'kernelspec-invalid') && error.message.includes('cannot be read')) {
      throw missingError(argument, error);
    }
    throw error;
  });
}

function readInline(argument: string): KernelSpec {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(argument.slice(INLINE_SPEC.length), 'base64').toString());
  } catch {
    parsed = undefined;
  }
  const { name, resource_dir: resourceDir, spec } = isJsonObject(parsed) ? parsed : {};
  if (typeof name === 'string' && typeof resourceDir === 'string' && isJsonObject(spec)) {
    return checkKernelSpec(name, resourceDir, spec, `of "${name}" in --spec`);
  }
  throw new CurveKernelError('kernelspec-invalid', 'The option --spec does not hold a kernelspec.', {
    hint: 'Wrap the kernel again.',
  });
}

const missingError = (folder: string, cause: unknown): CurveKernelError =>
  new CurveKernelError('kernelspec-missing', `The kernel that was wrapped is gone from ${folder}.`, {
    hint: 'Install it again, or wrap another kernel under this name with "jupyter-curve wrap".',
    cause,
    data: { folder },
  });
