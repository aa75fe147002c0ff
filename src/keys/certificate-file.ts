import { rm } from 'node:fs/promises';
import { CurveKernelError } from '../errors.js';
import { asClause } from '../support/as-clause.js';
import { checkCurvePair, checkPublicKey, type CurvePair, exposeZ85, secretKeyFromZ85 } from './curve-pair.js';
import { privateFileError } from './private-file.js';
import { readPrivateFile } from './read-private-file.js';
import type { Secret } from './secret.js';
import { writePrivateFile } from './write-private-file.js';
import { formatZpl, parseZpl } from './zpl.js';

const LIMIT = 64 * 1024;

/** The content of a certificate file. */
export interface Certificate {
  readonly publicKey: string;
  /** Only in the secret one of the two files. */
  readonly secretKey?: Secret;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a pair as `BASE.key` (public) and `BASE.key_secret` (both keys): the names and the format of
 * `zmq.auth.create_certificates` and of CZMQ's `zcert_save`, which both load them. Both files are 0600 and new.
 *
 * Throws `key-mismatch` for keys that do not belong together, `key-file-unwritable` when one of the files exists,
 * `key-file-unsafe` for a folder open to others, and TypeError for metadata that the format cannot hold. Writes both
 * files or none.
 */
export async function writeCertificateFiles(
  base: string,
  pair: CurvePair,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ publicFile: string; secretFile: string }> {
  const publicFile = `${base}.key`;
  const secretFile = `${publicFile}_secret`;
  await writeSecretCertificate(secretFile, pair, metadata);
  try {
    await writePublicCertificate(publicFile, pair.publicKey, metadata);
  } catch (error) {
    await rm(secretFile, { force: true });
    throw error;
  }
  return { publicFile, secretFile };
}

/** Writes the secret one of the two files alone, which holds both keys. Throws as {@link writeCertificateFiles} does. */
export async function writeSecretCertificate(
  file: string,
  pair: CurvePair,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await checkCurvePair(pair);
  const curve = { 'public-key': pair.publicKey, 'secret-key': exposeZ85(pair.secretKey) };
  await writePrivateFile(file, formatZpl(SECRET_BANNER, { metadata, curve }), FRESH);
}

/** Writes the public one of the two files alone. Throws as {@link writeCertificateFiles} does, and `key-invalid`. */
export async function writePublicCertificate(
  file: string,
  publicKey: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const curve = { 'public-key': checkPublicKey(publicKey, 'The public key') };
  await writePrivateFile(file, formatZpl(PUBLIC_BANNER, { metadata, curve }), FRESH);
}

const FRESH = { kind: 'key-file', replace: false, durable: true } as const;

/**
 * Reads a certificate of this package, of pyzmq or of CZMQ.
 *
 * Throws `key-file-missing`, `key-file-unreadable`, `key-file-unsafe` (others can change it, or read the secret key in
 * it), and `key-file-invalid` for anything that is no certificate or whose keys do not belong together.
 */
export async function readCertificateFile(file: string): Promise<Certificate> {
  const text = await readPrivateFile(file, {
    kind: 'key-file',
    maxBytes: LIMIT,
    isSecret: (all) => all.includes('secret-key'),
  });
  const { metadata = {}, curve = {} } = parseZpl(text);
  try {
    const publicKey = checkPublicKey(curve['public-key'], 'public-key');
    if (curve['secret-key'] === undefined) return { publicKey, metadata };
    const secretKey = secretKeyFromZ85(curve['secret-key'], 'secret-key');
    await checkCurvePair({ publicKey, secretKey });
    return { publicKey, secretKey, metadata };
  } catch (cause) {
    if (!(cause instanceof CurveKernelError)) throw cause;
    const problem = `is not a certificate: ${asClause(cause.message)}`;
    const hint = 'Make one with `jupyter-curve keygen --out BASE`.';
    throw privateFileError('key-file', 'invalid', file, problem, hint, cause);
  }
}

const PUBLIC_BANNER = `ZeroMQ CURVE Public Certificate
Give it to those who are to know you, in a way that protects it from changes.`;

const SECRET_BANNER = `ZeroMQ CURVE **Secret** Certificate
DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.`;
