import { expect, test } from '@jest/globals';
import { asClause } from '#src/support/as-clause.js';

test.each([
  ['The content is not JSON.', 'the content is not JSON'],
  ['no sentence', 'no sentence'],
  ['', ''],
])('%p within a sentence is %p', (sentence, clause) => {
  expect(asClause(sentence)).toBe(clause);
});
