/** docs/share.md and docs/policy.md: their examples work as they stand; test/access-rows.md: the tests that it names exist. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAuthorizedClients } from '#src/access/grants/authorized-clients.js';
import { parsePolicy } from '#src/access/policy/policy-file.js';
import { repository } from '../../support/repository.js';
import { createCommandLine } from '../../support/command-line.js';

const page = (name: string): string => readFileSync(join(repository, name), 'utf8');
const blocksOf = (name: string, language: string): readonly string[] => {
  const blocks = [...page(name).matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, tag]) => tag === language);
  return blocks.map(([, , text = '']) => text);
};
const block = (name: string, language: string, words: string): string =>
  blocksOf(name, language).find((text) => text.includes(words)) ?? '';

/** I1, I2 and so on. */
const numbers = (letter: string, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

test('the policy is one, and passes its own tests', () => {
  const { roles, privateGroups } = parsePolicy(block('docs/policy.md', 'yaml', 'roles:'), 'the page').policy;
  expect([...roles.keys()]).toEqual(expect.arrayContaining(['reviewer', 'student']));
  expect([...privateGroups]).toEqual(['salaries']);
});

test('the authorized_clients are understood', () => {
  const clients = parseAuthorizedClients(block('docs/policy.md', 'text', '# name'), 'the page');
  expect(clients.map(({ identity, roles }) => [identity, ...roles])).toEqual([
    ['alice', 'observer'],
    ['bob', 'executor'],
  ]);
});

test('the commands work as they stand, with a key of one’s own', async () => {
  await using line = await createCommandLine();
  await line.run('install');
  const running = line.start('start', '--connection-file', 'theirs.json');
  await running.wrote('theirs.json\n');
  const script = block('docs/share.md', 'sh', 'keygen --name alice')
    .replaceAll('jupyter-curve', 'jupyter_curve')
    .replace(/^(jupyter_curve keygen .*?) +#/m, 'PUBLIC=$($1) #')
    .replace("--key 'PUBLIC'", '--key "$PUBLIC"')
    // Alice's kernel.json and ours are on two machines.
    .replace('--existing kernel.json --name', '--existing theirs.json --name')
    .replace('analysis.ipynb', `"${join(repository, 'examples/tour.ipynb')}" --output done.ipynb`);
  const { stdout, stderr, status } = await line.shell(`set -e\n${script}`);
  expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: 'alice.sealed\nkernel.json\n' });
  expect((await line.run('shutdown', 'theirs.json')).status).toBe(0);
  await running.ended;
});

test('the tasks work one after the other, as they stand', async () => {
  await using line = await createCommandLine();
  await line.run('install');
  await writeFile(join(line.folder, 'class.yaml'), block('docs/share.md', 'yaml', 'anonymous: observer'), {
    mode: 0o600,
  });
  const [check = '', start = ''] = block('docs/share.md', 'sh', 'policy check').split('\n');
  expect(await line.shell(check.replace('jupyter-curve', 'jupyter_curve'))).toMatchObject({ status: 0 });
  const running = line.start(...start.split(' ').slice(1));
  await running.wrote('kernel.json\n');
  const again = 'jupyter-curve grant --existing kernel.json --name alice --role observer --out again.json';
  const tasks = [
    '--role observer',
    '^jupyter-curve revoke alice',
    '--expires 8h',
    'private salaries',
    'rotate bob',
    'can alice',
  ];
  const script = tasks.map((words) => {
    const task = blocksOf('docs/share.md', 'sh').find((text) => new RegExp(words).test(text)) ?? 'false';
    // Alice is revoked by then.
    return /^jupyter-curve (?:revoke|clients)/.test(task) ? `rm -f again.json; ${again}\n${task}` : task;
  });
  const ended = await line.shell(`set -e\n${script.join('').replaceAll('jupyter-curve', 'jupyter_curve')}`);
  expect(ended).toMatchObject({ status: 5, stdout: expect.stringContaining('missing: shell.execute_request') });
  expect((await line.shell('ls client-anonymous-kernel.json')).status).toBe(0);
  expect((await line.run('shutdown', 'kernel.json')).status).toBe(0);
  await running.ended;
});

/** Where a title stands that begins so: after the bracket of a `test(` or `describe(`, or of an `each`; not in a comment. */
const called = (title: string): RegExp =>
  new RegExp(`^ *(?:test|describe|[\\])}]).*\\(\\s*['"\`]${title.replaceAll(/[^\p{L}\d_ ]/gu, String.raw`\$&`)}`, 'm');

describe('the table', () => {
  const rows = [...page('test/access-rows.md').matchAll(/^\| ([IAL]\d+) +\| (.*?) +\| (.*?) +\|$/gm)];

  test('has every row', () => {
    expect(rows.map(([, row]) => row)).toEqual([...numbers('I', 12), ...numbers('A', 11), ...numbers('L', 6)]);
  });

  test.each(rows.map(([, row, , proof]) => ({ row, proof })))(
    '$row names tests that are there, or a reason',
    ({ proof = '' }) => {
      const tests = [...proof.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[\w./-]+)\)/g)];
      expect(tests.length > 0 || proof.length > 30).toBe(true);
      for (const [, title = 'none', file = ''] of tests)
        expect(readFileSync(join(repository, file), 'utf8')).toMatch(called(title));
    },
  );
});
