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
