/**
 * Curve key pairs, and where they come from. Any 32 random bytes are a secret key (RFC 7748), and libsodium, OpenSSL and libzmq find the same
 * public key for it (tested), so there is one kind of pair and two makers:
 *
 * - {@link generateCurvePair}, by libsodium, makes the pairs of users, managers and clients: those that are written to files or handed over.
 * - {@link generateCurvePairSync}, by Node's OpenSSL, makes the pairs of a running kernel: those of the sockets of its grants, and the throw-away
 *   pairs of probes. Loading libsodium costs 40 ms and 11 MB, which a kernel does not pay.
 */
import { createPrivateKey, createPublicKey, randomFillSync } from 'node:crypto';
import { CurveKernelError } from '../errors.js';
import { equalInConstantTime } from './constant-time.js';
import { Secret } from './secret.js';
import { loadSodium } from './sodium.js';
import { decodeZ85, encodeZ85 } from './z85.js';

const KEY_BYTES = 32;
const Z85_CHARACTERS = 40;
/** The bytes before those of an X25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** A CurveZMQ key pair (ZeroMQ RFC 26): Curve25519 keys of 32 bytes. */
export interface CurvePair {
  /** Z85, 40 characters. It opens the iopub of a stock kernel to its holder (JEP 145): do not print it. */
  readonly publicKey: string;
  /** The raw 32 bytes. */
  readonly secretKey: Secret;
}

/** A new pair from the system's random numbers, by libsodium. */
export async function generateCurvePair(): Promise<CurvePair> {
  const sodium = await loadSodium();
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  const pair = { publicKey: encodeZ85(publicKey), secretKey: Secret.fromBytes(privateKey) };
  sodium.memzero(privateKey);
  return pair;
}

/** A new pair from the system's random numbers, by OpenSSL: for a running kernel, which does not load libsodium. */
export function generateCurvePairSync(): CurvePair {
  const bytes = randomFillSync(new Uint8Array(KEY_BYTES));
  const secretKey = Secret.fromBytes(bytes);
  bytes.fill(0);
  return curvePairOf(secretKey);
}

/** The pair of a secret key, by OpenSSL. Throws `key-invalid` unless the secret has 32 bytes. */
export function curvePairOf(secretKey: Secret): CurvePair {
  return { publicKey: encodeZ85(derivePublicKey(secretKey)), secretKey };
}

/** The public key, in Z85, that belongs to a secret key, by libsodium. Throws `key-invalid` unless the secret has 32 bytes. */
export async function publicKeyFromSecret(secretKey: Secret): Promise<string> {
  checkSecretLength(secretKey);
  const sodium = await loadSodium();
  return encodeZ85(secretKey.expose((bytes) => sodium.crypto_scalarmult_base(bytes)));
}

/** Throws `key-mismatch` unless the two keys belong together, and `key-invalid` unless both are keys. */
export async function checkCurvePair(pair: CurvePair): Promise<void> {
  const wanted = decodeZ85(checkPublicKey(pair.publicKey, 'The public key'));
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

function derivePublicKey(secretKey: Secret): Uint8Array {
  checkSecretLength(secretKey);
  const der = secretKey.expose((bytes) => Buffer.concat([PKCS8, bytes]));
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
  } finally {
    der.fill(0);
  }
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
