import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { readPrivateFile } from '../../keys/read-private-file.js';

/** The files that say who may do what. */
export type RulesKind = 'policy' | 'authorized-clients';

const NAMES = { policy: 'Policy file', 'authorized-clients': 'Authorized clients' } as const;
const MAX_BYTES = 1024 * 1024;

/**
 * The text of a policy or of `authorized_clients`, of at most 1 MiB, which only this user and root can have written. Others may read it.
 *
 * @throws CurveKernelError 'policy-invalid', 'authorized-clients-invalid' for a file that is missing, too large, or not safe to go by
 */
export async function readRules(file: string, kind: RulesKind): Promise<string> {
  try {
    return await readPrivateFile(file, { kind: 'key-file', maxBytes: MAX_BYTES, isSecret: () => false });
  } catch (cause) {
    if (!isCurveKernelError(cause)) throw cause;
    const problem = cause.message.replace(`The key file ${file} `, '');
    throw new CurveKernelError(`${kind}-invalid`, `${NAMES[kind]} ${file}: it ${problem}`, {
      hint: cause.hint,
      cause,
      data: { file },
    });
  }
}
