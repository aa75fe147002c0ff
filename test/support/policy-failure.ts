import { CurveKernelError } from '#src/errors.js';
import { parsePolicy } from '#src/access/policy/policy-file.js';

export const SOURCE = 'course.yaml';

/** The error with which a policy file is refused. Throws when it is not, or with any other error. */
export function policyFailure(text: string): CurveKernelError {
  try {
    parsePolicy(text, SOURCE);
  } catch (error) {
    if (error instanceof CurveKernelError && error.code === 'policy-invalid') return error;
    throw error;
  }
  throw new Error('The policy was accepted.');
}
