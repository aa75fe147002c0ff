import { CurveKernelError } from '../errors.js';
import { checkCurvePair, checkPublicKey, secretKeyFromZ85 } from '../keys/curve-pair.js';
import type { Secret } from '../keys/secret.js';
import { type FieldName, type Fields, invalidField, optionalText } from './connection-fields.js';
import { type CurveInfo, SECRET_VARIABLE } from './connection-info.js';

const HINT = 'Start the kernel again, so that it gets a new key pair; nothing was sent in plain text.';

/**
 * The keys of a connection file; undefined when it has none at all. `given` is the secret key that came by
 * {@link SECRET_VARIABLE}. Half a pair, a pair that does not match, or anything that is no key is an error: JEP 145 says
 * so, though `jupyter_client` goes on in plain text. Throws `connection-file-invalid`.
 */
export async function readCurve(fields: Fields, given: Secret | undefined): Promise<CurveInfo | undefined> {
  const publicKey = readKey(fields, 'curve_publickey', checkPublicKey);
  const written = readKey(fields, 'curve_secretkey', secretKeyFromZ85);
  const clientPublicKey = readKey(fields, 'curve_client_publickey', checkPublicKey);

  if (publicKey === undefined) {
    const other = written ? 'curve_secretkey' : given ? SECRET_VARIABLE : clientPublicKey && 'curve_client_publickey';
    if (other === undefined) return undefined;
    throw invalidField(fields, 'curve_publickey', `is missing beside ${other}: half a key pair`, HINT);
  }
  if (written !== undefined && clientPublicKey !== undefined) {
    const problem = 'must not be in a grant: curve_client_publickey names a client that must not have it';
    throw invalidField(fields, 'curve_secretkey', problem, 'Give the kernel a new pair, and issue the grant again.');
  }
  if (written === undefined && given === undefined && clientPublicKey === undefined) {
    const problem = `is missing beside curve_publickey, and was not given by ${SECRET_VARIABLE}: half a key pair`;
    throw invalidField(fields, 'curve_secretkey', problem, HINT);
  }
  if (written !== undefined) await checkPair(fields, 'curve_secretkey', 'curve_publickey', publicKey, written);
  if (given !== undefined) await checkPair(fields, 'curve_publickey', SECRET_VARIABLE, publicKey, given);
  const secretKey = written ?? given;
  return {
    publicKey,
    ...(secretKey === undefined ? {} : { secretKey }),
    ...(clientPublicKey === undefined ? {} : { clientPublicKey }),
  };
}

function readKey<T>(fields: Fields, field: FieldName, decode: (text: string, what: string) => T): T | undefined {
  const text = optionalText(fields, field);
  if (text === undefined) return undefined;
  try {
    return decode(text, field);
  } catch (cause) {
    throw invalidField(fields, field, 'is not a key: 40 characters of Z85 are wanted', HINT, cause);
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
    throw invalidField(fields, field, `does not belong to ${other}`, HINT, cause);
  }
}
