import { CurveKernelError } from '../../errors.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const RESERVED: ReadonlySet<string> = new Set([
  'owner',
  'kernel',
  'anonymous',
  'nobody',
  'everybody',
  'all',
  'deny',
  'none',
]);

/**
 * Returns `name` if an identity may have it: 1 to 64 letters of ASCII, digits, `.`, `_`, `@` and `-`, the first a letter or a digit,
 * so that it can stand in a file name, a header and a line of an audit. Throws `identity-invalid` otherwise, for the names that speak of
 * everybody or nobody, and for `owner`, which is the holder of the kernel's connection file.
 */
export function checkIdentityName(name: unknown): string {
  // Without quoting it: what stands in the wrong place may be a key.
  if (typeof name !== 'string' || !NAME.test(name)) throw invalid('What is given as a name is none for an identity');
  if (RESERVED.has(name.toLowerCase())) throw invalid(`The name ${name} is reserved`);
  return name;
}

const invalid = (problem: string): CurveKernelError =>
  new CurveKernelError('identity-invalid', `${problem}.`, {
    hint: 'Use 1 to 64 letters, digits, ".", "_", "@" and "-", the first a letter or a digit.',
  });
