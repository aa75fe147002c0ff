import { CurveKernelError } from '../errors.js';
import { equalInConstantTime } from './constant-time.js';
import { derivePublicKey } from './derive-public-key.js';
import { Secret } from './secret.js';
import { loadSodium } from './sodium.js';
import { decodeZ85, encodeZ85 } from './z85.js';

const KEY_BYTES = 32;
const Z85_CHARACTERS = 40;

/** A CurveZMQ key pair (ZeroMQ RFC 26): Curve25519 keys of 32 bytes. */
export interface CurvePair {
  /** Z85, 40 characters. Whoever knows it can read a stock kernel's iopub (JEP 145): do not print it. */
  readonly publicKey: string;
  /** The raw 32 bytes. */
  readonly secretKey: Secret;
}

/** A new pair from the system's random numbers. */
export async function generateCurvePair(): Promise<CurvePair> {
  const sodium = await loadSodium();
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  const pair = { publicKey: encodeZ85(publicKey), secretKey: Secret.fromBytes(privateKey) };
  sodium.memzero(privateKey);
  return pair;
}

/** The public key, in Z85, that belongs to a secret key. Throws `key-invalid` unless the secret has 32 bytes. */
export async function publicKeyFromSecret(secretKey: Secret): Promise<string> {
  checkSecretLength(secretKey);
  const sodium = await loadSodium();
  return encodeZ85(secretKey.expose((bytes) => sodium.crypto_scalarmult_base(bytes)));
}

/** Throws `key-mismatch` unless the two keys belong together, and `key-invalid` unless both are keys. */
export async function checkCurvePair(pair: CurvePair): Promise<void> {
  const wanted = decodeZ85(checkPublicKey(pair.publicKey, 'The public key'));
  checkSecretLength(pair.secretKey);
  if (!equalInConstantTime(wanted, derivePublicKey(pair.secretKey))) {
    throw new CurveKernelError('key-mismatch', 'The public key and the secret key do not belong together.', {
      hint: 'Use both keys of one pair, as `jupyter-curve keygen` makes them.',
    });
  }
}

/**
 * Returns `text` if it is a key in Z85. Throws `key-invalid` otherwise, with a message that begins with `what`
 * (“The public key”, “curve_publickey”) and never repeats the text.
 */
export function checkPublicKey(text: unknown, what: string): string {
  return encodeZ85(decodeKey(text, what));
}

/** The secret key written as Z85 `text`. Throws `key-invalid` as {@link checkPublicKey} does. */
export function secretKeyFromZ85(text: unknown, what: string): Secret {
  const bytes = decodeKey(text, what);
  const secretKey = Secret.fromBytes(bytes);
  bytes.fill(0);
  return secretKey;
}

/** The secret key in Z85. For writing connection files, certificates and `JUPYTER_CURVE_SECRETKEY` only. */
export function exposeZ85(secretKey: Secret): string {
  return secretKey.expose(encodeZ85);
}

/** Whether two public keys are the same, in constant time: under JEP 145 knowing one is a right to read. */
export function samePublicKey(a: string, b: string): boolean {
  return equalInConstantTime(a, b);
}

function checkSecretLength({ byteLength }: Secret): void {
  if (byteLength !== KEY_BYTES) {
    throw invalidKey('The secret key', `has ${byteLength} bytes; a Curve key has ${KEY_BYTES}`);
  }
}

function decodeKey(text: unknown, what: string): Uint8Array {
  if (typeof text !== 'string') throw invalidKey(what, `is not text`);
  if (text.length !== Z85_CHARACTERS) {
    throw invalidKey(what, `has ${text.length} characters; a key has ${Z85_CHARACTERS} characters of Z85`);
  }
  try {
    return decodeZ85(text);
  } catch (cause) {
    throw invalidKey(what, `is not a key in Z85`, cause);
  }
}

const invalidKey = (what: string, problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('key-invalid', `${what} ${problem}.`, {
    hint: `A Curve key is ${KEY_BYTES} bytes, written as ${Z85_CHARACTERS} characters of Z85 (ZeroMQ RFC 32).`,
    cause,
  });
