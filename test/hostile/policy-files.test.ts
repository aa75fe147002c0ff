import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CurveKernelError } from '#src/errors.js';
import { parsePolicy } from '#src/access/policy/policy-file.js';
import { policyFailure as failure, SOURCE } from '../support/policy-failure.js';

describe('a hostile policy file', () => {
  const LONG = 32_000;
  const bomb = ['a: &a [x]', ...Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &b${i} [*a, *a, *a]`)].join(
    '\n',
  );

  test.each([
    ['of brackets', '['.repeat(LONG)],
    ['of braces', '{'.repeat(LONG)],
    ['of braces and brackets', '[{a: '.repeat(150)],
    ['of brackets behind quoted ones', '[ "]", '.repeat(LONG / 7)],
    ['of list dashes in a line', '- '.repeat(LONG / 2)],
    ['of tabs behind dashes', '-\t'.repeat(LONG / 2)],
    ['of question marks', '? '.repeat(LONG / 2)],
    ['of both', '- ? '.repeat(LONG / 4)],
    [
      'of dashes on ever deeper lines',
      Array.from({ length: 40 }, (_, i) => `${' '.repeat(i * 30)}${'- '.repeat(15)}`).join('\n'),
    ],
    ['of ever deeper lists', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}-`).join('\n')],
    ['of ever deeper mappings', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}k:`).join('\n')],
    ['of colons', ': '.repeat(LONG / 2)],
    ['of aliases', bomb],
    ['that is its own part', 'roles: &a\n  b: *a'],
    ['of quotation marks', '"'.repeat(LONG)],
    ['of names', Array.from({ length: 3000 }, (_, i) => `k${i}: 1`).join('\n')],
    ['of one long alias', `a: *${'x'.repeat(LONG)}`],
    ['of one long tag', `a: !${'x'.repeat(LONG)} b`],
    ['of tags', '!a '.repeat(LONG / 3)],
    ['of documents', '---\n'.repeat(LONG / 4)],
    ['of directives', '%YAML 9.9\n'.repeat(LONG / 10)],
    ['of nothing but NUL', '\0'.repeat(LONG)],
    ['of half a surrogate pair', 'private: ["\\ud800"]'],
    ['that is too large', `# ${'x'.repeat(40_000)}`],
    ['with a list that is too long', `private: [${Array.from({ length: 501 }, (_, i) => `g${i}`).join()}]`],
    ['with a very long pattern', `roles:\n  a:\n    send: ["shell.${'*a'.repeat(5000)}"]`],
  ])('%s is refused', (_, text) => {
    expect(failure(text).message.length).toBeLessThan(400);
  });

  test('cannot make the parser throw anything else', () => {
    const words =
      'roles tests a send may role owner : - [ ] { } , " \' &x *x !t ? | > # % --- ... iopub.* null 1 << __proto__ @ `';
    const token = fc.constantFrom(...words.split(' '), ': ', '- ', '\n', '\n  ', '\n    ', '\t', '\0', '\ud800');
    const text = fc.oneof(
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.json(),
    );
    fc.assert(
      fc.property(text, (document) => {
        try {
          parsePolicy(document, SOURCE);
        } catch (error) {
          expect(error).toBeInstanceOf(CurveKernelError);
          expect(error).toHaveProperty('code', 'policy-invalid');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
