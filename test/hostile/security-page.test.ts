/** docs/security.md has every threat, and every test that it names is there. UPDATE_SECURITY_PAGE=1 writes the page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '../support/repository.js';
import { THREATS, type TestReference, type Threat } from './threats.js';

const file = join(repository, 'docs', 'security.md');
const [BEGIN, END] = ['<!-- threats: written by test/hostile -->', '<!-- end of threats -->'];

test('docs/security.md says of every threat what stops it and which test shows it', () => {
  const page = readFileSync(file, 'utf8');
  const [before, rest = ''] = page.split(BEGIN);
  const [, after] = rest.split(END);
  const wanted = `${before}${BEGIN}\n\n${THREATS.map(section).join('\n')}\n${END}${after}`;
  if (process.env['UPDATE_SECURITY_PAGE'] === '1') writeFileSync(file, wanted);
  expect(readFileSync(file, 'utf8')).toBe(wanted);
  expect(THREATS.map(({ number }) => number)).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
});

test.each(THREATS.flatMap(({ number, tests }) => tests.map((one) => ({ number, ...one }))))(
  'threat $number: the test “$title” is there',
  ({ file: suite, title }) => {
    const quoted = title.replaceAll(/[^\p{L}\d_ ]/gu, String.raw`\$&`);
    expect(readFileSync(join(repository, suite), 'utf8')).toMatch(new RegExp(`['"\`]${quoted}`));
  },
);

function section({ number, threat, stoppedBy, tests, limit }: Threat): string {
  return [
    `### ${number}. ${threat}`,
    '',
    `- **Stopped by:** ${stoppedBy}`,
    ...(limit === undefined ? [] : [`- **Limit:** ${limit}`]),
    `- **Tests:** ${tests.map(link).join(', ')}`,
    '',
  ].join('\n');
}

const link = ({ file: suite, title }: TestReference): string => `[${title}](../${suite})`;
