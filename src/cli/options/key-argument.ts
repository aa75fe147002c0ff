import { isCurveKernelError } from '../../errors.js';
import { readCertificateFile } from '../../keys/certificate-file.js';
import { checkPublicKey } from '../../keys/curve-pair.js';

/** The public key that `--key` gives, or that is in the certificate file it names. Throws `key-file-*`. */
export async function readKeyArgument(text: string): Promise<string> {
  try {
    return checkPublicKey(text, '--key');
  } catch (error) {
    if (!isCurveKernelError(error, 'key-invalid')) throw error;
    return (await readCertificateFile(text)).publicKey;
  }
}

/** Ties `--key` to a key that begins with `-`, as one in 85 does: it would be taken for options of one letter each. */
export function bindDashedKeyArgs(args: readonly string[]): string[] {
  const tied: string[] = [];
  for (const argument of args) {
    if (tied.at(-1) === '--key' && isDashedKey(argument)) tied[tied.length - 1] = `--key=${argument}`;
    else tied.push(argument);
  }
  return tied;
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
