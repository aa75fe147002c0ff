import { readPrivateFile } from '../keys/read-private-file.js';
import { Secret } from '../keys/secret.js';
import { readAddress } from './address-fields.js';
import {
  FIELD_DEFAULTS,
  type Fields,
  invalidField,
  optionalText,
  parseFields,
  unknownFields,
} from './connection-fields.js';
import type { ConnectionInfo } from './connection-info.js';
import { readCurve } from './curve-fields.js';

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
  return {
    ...address,
    key,
    signatureScheme,
    ...(kernelName === undefined ? {} : { kernelName }),
    ...(curve === undefined ? {} : { curve }),
    extra: unknownFields(fields),
  };
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
