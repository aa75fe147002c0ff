/** Which name a mistyped word is taken for. */
import { expect, test } from '@jest/globals';
import { closest } from '#src/cli/options/closest.js';

const NAMES = ['install', 'uninstall', 'run', 'start', 'role', 'rotate', 'audit', 'allow-errors', 'require-encryption'];

test.each([
  ['instal', 'install'],
  ['unistall', 'uninstall'],
  ['strat', 'start'],
  ['starts', 'start'],
  ['RUN', 'run'],
  ['rin', 'run'],
  ['allowErrors', 'allow-errors'],
  ['allow_eror', 'allow-errors'],
  ['require-encrytpoin', 'require-encryption'],
])('%s is like %s', (word, meant) => expect(closest(word, NAMES)).toBe(meant));

test.each(['', 'x', 'ru', 'roles-of-all', 'debug', 'HistoryManager.hist_file', 'profile', 'quiet'])(
  '%p is like none',
  (word) => expect(closest(word, NAMES)).toBeUndefined(),
);

test('a name is like itself, whatever else is near', () => {
  for (const name of NAMES) expect(closest(name, NAMES.toReversed())).toBe(name);
});
