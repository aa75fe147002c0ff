import { CurveKernelError } from '../errors.js';
import { checkCurvePair, checkPublicKey, secretKeyFromZ85 } from '../keys/curve-pair.js';
import { readPrivateFile } from '../keys/read-private-file.js';
import { Secret } from '../keys/secret.js';
import { definedOnly } from '../support/defined-only.js';
import { readAddress } from './address-fields.js';
import {
  FIELD_DEFAULTS,
  type FieldName,
  type Fields,
  invalidField,
  optionalText,
  parseFields,
  unknownFields,
} from './connection-fields.js';
import { type ConnectionInfo, type CurveInfo, SECRET_VARIABLE } from './connection-info.js';

/** Options of {@link readConnectionFile}. */
export interface ReadConnectionOptions {
  /** The kernel's secret key, where it came by `JUPYTER_CURVE_SECRETKEY`. */
  readonly secretKey?: Secret;
}

/**
 * Reads a connection file, refusing one that other users can read or change.
 *
 * Throws `connection-file-missing`, `-unreadable`, `-unsafe`, and `-invalid` as {@link parseConnectionInfo} does.
 */
export async function readConnectionFile(file: string, options: ReadConnectionOptions = {}): Promise<ConnectionInfo> {
  return parseConnectionInfo(await readConnectionText(file), file, options);
}

/** Also in a damaged file. Another kind of file, named by mistake, is told apart when it is parsed. */
const holdsKey = (text: string): boolean => /"(?:key|curve_secretkey)"/.test(text);

/** The text of a connection file. Throws as {@link readConnectionFile} does. */
export function readConnectionText(file: string): Promise<string> {
  return readPrivateFile(file, { kind: 'connection-file', maxBytes: 64 * 1024, isSecret: holdsKey });
}

/**
 * The content of a connection file; `source` is its name in errors.
 *
 * A file without any key is plain text. In a file with keys they are usable, or an error; see {@link readCurve}.
 * Throws `connection-file-invalid` with `{file, field}` as data, and no content of the file in its message.
 */
export async function parseConnectionInfo(
  text: string,
  source: string,
  options: ReadConnectionOptions = {},
): Promise<ConnectionInfo> {
  const fields = parseFields(text, source);
  const address = readAddress(fields);
  const key = readKey(fields);
  const signatureScheme = readSignatureScheme(fields, key);
  const kernelName = optionalText(fields, 'kernel_name');
  const curve = await readCurve(fields, options.secretKey);
  return definedOnly({ ...address, key, signatureScheme, kernelName, curve, extra: unknownFields(fields) });
}

/** An empty key disables signatures. One that is not there may be an oversight: jupyter_client then signs with a random one. */
function readKey(fields: Fields): Secret {
  const key = optionalText(fields, 'key');
  if (key !== undefined) return Secret.fromText(key);
  throw invalidField(fields, 'key', 'is missing', 'Start the kernel again; an empty key ("") disables signatures.');
}

function readSignatureScheme(fields: Fields, key: Secret): string {
  const scheme = optionalText(fields, 'signature_scheme') ?? FIELD_DEFAULTS.signature_scheme;
  if (scheme === '' && key.byteLength === 0) return FIELD_DEFAULTS.signature_scheme;
  if (/^hmac-[\w/-]{1,40}$/.test(scheme)) return scheme;
  throw invalidField(fields, 'signature_scheme', 'is not hmac- and the name of a hash', 'Jupyter uses hmac-sha256.');
}

const CURVE_HINT = 'Start the kernel again, so that it gets a new key pair; nothing was sent in plain text.';

/**
 * The keys of a connection file; undefined when it has none at all. `given` is the secret key that came by
 * {@link SECRET_VARIABLE}. Half a pair, a pair that does not match, or anything that is no key is an error: JEP 145 says
 * so, though `jupyter_client` goes on in plain text. Throws `connection-file-invalid`.
 */
async function readCurve(fields: Fields, given: Secret | undefined): Promise<CurveInfo | undefined> {
  const publicKey = readCurveKey(fields, 'curve_publickey', checkPublicKey);
  const written = readCurveKey(fields, 'curve_secretkey', secretKeyFromZ85);
  const clientPublicKey = readCurveKey(fields, 'curve_client_publickey', checkPublicKey);

  if (publicKey === undefined) {
    const other = written ? 'curve_secretkey' : given ? SECRET_VARIABLE : clientPublicKey && 'curve_client_publickey';
    if (other === undefined) return undefined;
    throw invalidField(fields, 'curve_publickey', `is missing beside ${other}: half a key pair`, CURVE_HINT);
  }
  if (written !== undefined && clientPublicKey !== undefined) {
    const problem = 'must not be in a grant: curve_client_publickey names a client that must not have it';
    throw invalidField(fields, 'curve_secretkey', problem, 'Give the kernel a new pair, and issue the grant again.');
  }
  if (written === undefined && given === undefined && clientPublicKey === undefined) {
    const problem = `is missing beside curve_publickey, and was not given by ${SECRET_VARIABLE}: half a key pair`;
    throw invalidField(fields, 'curve_secretkey', problem, CURVE_HINT);
  }
  if (written !== undefined) await checkPair(fields, 'curve_secretkey', 'curve_publickey', publicKey, written);
  if (given !== undefined) await checkPair(fields, 'curve_publickey', SECRET_VARIABLE, publicKey, given);
  return definedOnly({ publicKey, secretKey: written ?? given, clientPublicKey });
}

function readCurveKey<T>(fields: Fields, field: FieldName, decode: (text: string, what: string) => T): T | undefined {
  const text = optionalText(fields, field);
  if (text === undefined) return undefined;
  try {
    return decode(text, field);
  } catch (cause) {
    throw invalidField(fields, field, 'is not a key: 40 characters of Z85 are wanted', CURVE_HINT, cause);
  }
}

async function checkPair(
  fields: Fields,
  field: FieldName,
  other: string,
  publicKey: string,
  secretKey: Secret,
): Promise<void> {
  try {
    await checkCurvePair({ publicKey, secretKey });
  } catch (cause) {
    if (!(cause instanceof CurveKernelError)) throw cause;
    throw invalidField(fields, field, `does not belong to ${other}`, CURVE_HINT, cause);
  }
}
