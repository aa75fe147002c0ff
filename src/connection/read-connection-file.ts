import { readPrivateFile } from '../keys/read-private-file.js';
import { Secret } from '../keys/secret.js';
import { readAddress } from './address-fields.js';
import {
  FIELD_DEFAULTS,
  type Fields,
  invalidField,
  optionalText,
  parseFields,
  requiredText,
  unknownFields,
} from './connection-fields.js';
import type { ConnectionInfo } from './connection-info.js';
import { readCurve } from './curve-fields.js';

/** What the reader of a connection file knows beside it. */
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

/** The text of a connection file. Throws as {@link readConnectionFile} does. */
export function readConnectionText(file: string): Promise<string> {
  return readPrivateFile(file, { kind: 'connection-file', maxBytes: 64 * 1024 });
}

/**
 * What the text of a connection file says; `source` is its name in errors.
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
  const key = Secret.fromText(requiredText(fields, 'key'));
  const signatureScheme = readSignatureScheme(fields);
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

function readSignatureScheme(fields: Fields): string {
  const scheme = optionalText(fields, 'signature_scheme') ?? FIELD_DEFAULTS.signature_scheme;
  if (/^hmac-[\w/-]{1,40}$/.test(scheme)) return scheme;
  throw invalidField(fields, 'signature_scheme', 'is not hmac- and the name of a hash', 'Jupyter uses hmac-sha256.');
}
