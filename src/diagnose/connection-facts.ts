import { readAddress, type Address } from '../connection/address-fields.js';
import { FIELD_DEFAULTS, optionalText, parseFields, type Fields } from '../connection/connection-fields.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { readGrantNote, type GrantNote } from '../connection/grant-note.js';
import { parseConnectionInfo } from '../connection/read-connection-file.js';
import { isCurveKernelError, type CurveKernelError } from '../errors.js';
import { checkPublicKey } from '../keys/curve-pair.js';
import { definedOnly } from '../support/defined-only.js';

/**
 * The Curve keys of a connection file (JEP 145), by what it holds.
 *
 * - `none`: plain text.
 * - `pair`: the kernel's pair, which all its clients share.
 * - `own-key`: a grant to a client's own key; the file holds no secret key.
 * - `public`: the kernel's public key alone: its secret key was given by environment, or half of the pair is missing.
 * - `broken`: keys that cannot be used.
 */
export type KeysKind = 'none' | 'pair' | 'own-key' | 'public' | 'broken';

/** What a connection file says, also one with half a pair, which no client may use. Keys in it are for dialing, never for output. */
export interface ConnectionFacts {
  readonly file: string;
  readonly address: Address;
  readonly keys: KeysKind;
  /** The kernel's public key, if it is one. */
  readonly publicKey?: string;
  readonly clientPublicKey?: string;
  readonly signatureScheme: string;
  /** False for an empty signature key. */
  readonly isSigned: boolean;
  readonly kernelName?: string;
  /** Present on a grant. */
  readonly grant?: GrantNote;
  /** Present if the file can be used to connect. */
  readonly connection?: ConnectionInfo;
  /** The reason why it cannot. */
  readonly problem?: CurveKernelError;
}

/** Reads the text of a connection file. `file` is its name. @throws CurveKernelError `connection-file-invalid` when it names no addresses. */
export async function parseConnectionFacts(text: string, file: string): Promise<ConnectionFacts> {
  const fields = parseFields(text, file);
  const address = readAddress(fields);
  const read = await parseConnectionInfo(text, file).catch((error: unknown) => {
    if (isCurveKernelError(error)) return error;
    throw error;
  });
  const connection = isCurveKernelError(read) ? undefined : read;
  const publicKey = publicKeyIn(fields, 'curve_publickey');
  return definedOnly({
    file,
    address,
    keys: keysOf(fields, connection, publicKey),
    publicKey,
    clientPublicKey: publicKeyIn(fields, 'curve_client_publickey'),
    signatureScheme: connection?.signatureScheme ?? FIELD_DEFAULTS.signature_scheme,
    isSigned: connection === undefined ? fields.json['key'] !== '' : connection.key.byteLength > 0,
    kernelName: textOrNothing(fields, 'kernel_name'),
    grant: readGrantNote({ extra: fields.json }),
    connection,
    problem: isCurveKernelError(read) ? read : undefined,
  });
}

function keysOf(fields: Fields, connection: ConnectionInfo | undefined, publicKey: string | undefined): KeysKind {
  if (connection !== undefined) {
    const { curve } = connection;
    return curve === undefined ? 'none' : curve.clientPublicKey === undefined ? 'pair' : 'own-key';
  }
  const has = (field: string): boolean => (fields.json[field] ?? null) !== null;
  if (has('curve_secretkey') || has('curve_client_publickey')) return 'broken';
  if (!has('curve_publickey')) return 'none';
  return publicKey === undefined ? 'broken' : 'public';
}

function publicKeyIn(fields: Fields, field: 'curve_publickey' | 'curve_client_publickey'): string | undefined {
  try {
    return checkPublicKey(textOrNothing(fields, field), field);
  } catch {
    return undefined;
  }
}

function textOrNothing(fields: Fields, field: Parameters<typeof optionalText>[1]): string | undefined {
  try {
    return optionalText(fields, field);
  } catch {
    return undefined;
  }
}
