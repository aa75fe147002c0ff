import { isDeepStrictEqual } from 'node:util';
import { isCurveKernelError } from '../errors.js';
import { exposeZ85 } from '../keys/curve-pair.js';
import type { Secret } from '../keys/secret.js';
import { writePrivateFile } from '../keys/write-private-file.js';
import { formatPorts } from './address-fields.js';
import { FIELD_DEFAULTS, FIELDS, parseFields, unknownFields } from './connection-fields.js';
import type { ConnectionInfo } from './connection-info.js';
import { parseConnectionInfo, readConnectionText } from './read-connection-file.js';

/** Options of {@link writeConnectionFile}. */
export interface WriteConnectionOptions {
  /** Leave out `curve_secretkey`: the kernel is given it by `JUPYTER_CURVE_SECRETKEY`. */
  readonly omitSecretKey?: boolean;
  /** There must be no file of that name yet. */
  readonly exclusive?: boolean;
}

/**
 * The text of a connection file, byte for byte as `jupyter_client` writes it: the same order of fields, two spaces,
 * ASCII only. A grant with a `clientPublicKey` never holds the kernel's secret key.
 * Throws TypeError when `extra` holds a field that is not extra.
 */
export function formatConnectionInfo(info: ConnectionInfo, options: WriteConnectionOptions = {}): string {
  const clash = FIELDS.find((field) => Object.hasOwn(info.extra, field));
  if (clash !== undefined) throw new TypeError(`extra holds ${clash}, which is a field of its own.`);
  const secretKey = writtenSecret(info, options);
  const fields = {
    ...formatPorts(info.ports),
    ip: info.ip,
    key: info.key.exposeText(),
    transport: info.transport,
    signature_scheme: info.signatureScheme,
    kernel_name: info.kernelName,
    curve_publickey: info.curve?.publicKey,
    curve_secretkey: secretKey && exposeZ85(secretKey),
    curve_client_publickey: info.curve?.clientPublicKey,
    ...info.extra,
  };
  return JSON.stringify(fields, null, 2).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Writes a connection file that only this user can read, and that `readConnectionFile` accepts.
 *
 * A file that says the same already is not touched, so a read-only one is no obstacle; then `written` is false.
 * Otherwise it is replaced in one step. Throws `connection-file-unsafe` and `-unwritable` as `writePrivateFile` does,
 * and `-invalid` for what no reader could use, such as half a key pair.
 */
export async function writeConnectionFile(
  file: string,
  info: ConnectionInfo,
  options: WriteConnectionOptions = {},
): Promise<{ written: boolean }> {
  const text = formatConnectionInfo(info, options);
  const secretKey = writtenSecret(info, options) === undefined ? info.curve?.secretKey : undefined;
  await parseConnectionInfo(text, file, secretKey && { secretKey });
  const replace = options.exclusive !== true;
  if (replace && (await saysTheSame(file, text))) return { written: false };
  await writePrivateFile(file, text, { kind: 'connection-file', replace });
  return { written: true };
}

const writtenSecret = ({ curve }: ConnectionInfo, { omitSecretKey }: WriteConnectionOptions): Secret | undefined =>
  omitSecretKey === true || curve?.clientPublicKey !== undefined ? undefined : curve?.secretKey;

async function saysTheSame(file: string, text: string): Promise<boolean> {
  try {
    return isDeepStrictEqual(normalize(await readConnectionText(file), file), normalize(text, file));
  } catch (error) {
    // Missing, damaged or open to others: it has to be written. Whether it may be replaced is found out then.
    if (isCurveKernelError(error)) return false;
    throw error;
  }
}

function normalize(text: string, file: string): object {
  const fields = parseFields(text, file);
  const ours = FIELDS.map((field) => [field, fields.json[field] ?? undefined]).filter(
    ([, value]) => value !== undefined,
  );
  return { ...FIELD_DEFAULTS, ...Object.fromEntries(ours), ...unknownFields(fields) };
}
