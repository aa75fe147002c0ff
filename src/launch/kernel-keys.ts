import { randomBytes } from 'node:crypto';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { generateCurvePair, type CurvePair } from '../keys/curve-pair.js';
import { Secret } from '../keys/secret.js';
import type { KernelAddress } from './kernel-address.js';

/** What protects one kernel, over its restarts. */
export interface KernelKeys {
  /** Of the message signatures. They stay on under CURVE: libzmq does not notice a deleted frame. */
  readonly signing: Secret;
  /** The shared pair of JEP 145; absent in plain text. */
  readonly curve?: CurvePair;
}

/** Keys for a kernel: those of `previous` as far as there are any, and no Curve pair where nothing is to be encrypted. */
export async function issueKeys(encrypt: boolean, previous?: KernelKeys): Promise<KernelKeys> {
  const signing = previous?.signing ?? Secret.fromText(randomBytes(32).toString('hex'));
  return encrypt ? { signing, curve: previous?.curve ?? (await generateCurvePair()) } : { signing };
}

/** What a kernel's connection file says. */
export function describeConnection(
  kernelName: string,
  address: KernelAddress,
  { signing, curve }: KernelKeys,
): ConnectionInfo {
  const { transport, ip, ports } = address;
  const plain = { transport, ip, ports, key: signing, signatureScheme: 'hmac-sha256', kernelName, extra: {} };
  return curve === undefined ? plain : { ...plain, curve };
}
