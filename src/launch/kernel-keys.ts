import { randomBytes } from 'node:crypto';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { generateCurvePair, type CurvePair } from '../keys/curve-pair.js';
import { Secret } from '../keys/secret.js';
import type { KernelAddress } from './kernel-address.js';

/** Keys of one kernel, kept over its restarts. */
export interface KernelKeys {
  /** Signs messages, also under CURVE: libzmq does not notice a deleted frame. */
  readonly signing: Secret;
  /** The shared pair of JEP 145; absent in plain text. */
  readonly curve?: CurvePair;
}

/** Generates keys for a kernel, or keeps those of `previous`; without a Curve pair if `encrypt` is false. */
export async function issueKeys(encrypt: boolean, previous?: KernelKeys): Promise<KernelKeys> {
  const signing = previous?.signing ?? Secret.fromText(randomBytes(32).toString('hex'));
  return encrypt ? { signing, curve: previous?.curve ?? (await generateCurvePair()) } : { signing };
}

/** Content of a kernel's connection file. */
export function describeConnection(
  kernelName: string,
  address: KernelAddress,
  { signing, curve }: KernelKeys,
): ConnectionInfo {
  const { transport, ip, ports } = address;
  const plain = { transport, ip, ports, key: signing, signatureScheme: 'hmac-sha256', kernelName, extra: {} };
  return curve === undefined ? plain : { ...plain, curve };
}
