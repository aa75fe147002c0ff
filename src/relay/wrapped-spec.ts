import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { checkKernelSpec, readKernelSpec, type KernelSpec } from '../launch/kernelspec.js';
import { isJsonObject } from '../protocol/json-fields.js';
import type { JsonObject } from '../protocol/message.js';

/**
 * The file that stands for the `kernel.json` of a kernel that has none, such as an ipykernel that was never installed as a kernelspec:
 * `{resource_dir, spec}`.
 */
export const INNER_FILE = 'inner.json';

/** What a relay's kernelspec says of the kernel behind it, in `metadata.jupyter_curve.relays`. */
export interface Relayed {
  /** The folder of its kernelspec, or the relay's own, with an {@link INNER_FILE}. */
  readonly spec: string;
  /** Its name when it was wrapped. */
  readonly name: string;
  /** {@link specHash} of it when it was wrapped. */
  readonly sha256: string;
}

/**
 * Reads the kernelspec behind a relay, from the folder that its argument `--spec` names: at each start, so that an update counts.
 *
 * @throws CurveKernelError `kernelspec-missing` when it is gone; `kernelspec-invalid`.
 */
export async function readWrappedSpec(folder: string): Promise<KernelSpec> {
  const inner = await readFile(join(folder, INNER_FILE), 'utf8').catch(() => undefined);
  if (inner !== undefined) return parseInner(folder, inner);
  return readKernelSpec(basename(folder), folder).catch((error: unknown) => {
    if (isCurveKernelError(error, 'kernelspec-invalid') && error.message.includes('cannot be read')) {
      throw missingError(folder, error);
    }
    throw error;
  });
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

function parseInner(folder: string, text: string): KernelSpec {
  const file = join(folder, INNER_FILE);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const { name, resource_dir: resourceDir, spec } = isJsonObject(parsed) ? parsed : {};
  if (typeof name === 'string' && typeof resourceDir === 'string' && isJsonObject(spec)) {
    return checkKernelSpec(name, resourceDir, spec, file);
  }
  throw new CurveKernelError('kernelspec-invalid', `The kernelspec ${file} does not hold what "wrap" wrote.`, {
    hint: 'Wrap the kernel again.',
    data: { file },
  });
}

const missingError = (folder: string, cause: unknown): CurveKernelError =>
  new CurveKernelError('kernelspec-missing', `The kernel that was wrapped is gone from ${folder}.`, {
    hint: 'Install it again, or wrap another kernel under this name with "jupyter-curve wrap".',
    cause,
    data: { folder },
  });
