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
 * so that it can stand in a file name, a header and a line of an audit. Throws `identity-invalid` otherwise, for names that mean all or no
 * clients, and for `owner`, which is the holder of the kernel's connection file.
 */
export function checkIdentityName(name: unknown): string {
  // Not quoted: it may be a key, given in the wrong place.
  if (typeof name !== 'string' || !NAME.test(name))
    throw invalid('The given name is not one that an identity can have');
  if (RESERVED.has(name.toLowerCase())) throw invalid(`The name ${name} is reserved`);
  return name;
}

const invalid = (problem: string): CurveKernelError =>
  new CurveKernelError('identity-invalid', `${problem}.`, {
    hint: 'Use 1 to 64 letters, digits, ".", "_", "@" and "-", the first a letter or a digit.',
  });
