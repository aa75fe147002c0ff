import { isCurveKernelError } from '../../errors.js';
import { readCertificateFile } from '../../keys/certificate-file.js';
import { checkPublicKey } from '../../keys/curve-pair.js';

/** Returns the public key that `--key` gives, or that is in the certificate file it names. @throws CurveKernelError `key-file-*`. */
export async function readKeyArgument(text: string): Promise<string> {
  try {
    return checkPublicKey(text, '--key');
  } catch (error) {
    if (!isCurveKernelError(error, 'key-invalid')) throw error;
    return (await readCertificateFile(text)).publicKey;
  }
}

/** Joins `--key` with a key that begins with `-`, as one in 85 does: it would be parsed as options of one letter each. */
export function bindDashedKeyArgs(args: readonly string[]): string[] {
  const bound: string[] = [];
  for (const argument of args) {
    if (bound.at(-1) === '--key' && isDashedKey(argument)) bound[bound.length - 1] = `--key=${argument}`;
    else bound.push(argument);
  }
  return bound;
}

function isDashedKey(text: string): boolean {
  if (!text.startsWith('-')) return false;
  try {
    checkPublicKey(text, '--key');
    return true;
  } catch {
    return false;
  }
}
