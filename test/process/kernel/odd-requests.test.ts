/** Requests that are odd, as some clients send them: what is not acted on is read as jupyter_client reads it, and told back as it came. */
import { expect } from '@jest/globals';
import { existsSync } from 'node:fs';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { OK, scripted, serve } from '../../support/kernel/serve.js';

const pythonTest = requireOrSkip('a Python with pyzmq', existsSync(pythonPath()));

type Request = readonly [header: string, parent: string, metadata: string, content: string];
type Answer = readonly [parent: string, content: string, idleParent: string];

async function askRaw(
  requests: readonly Request[],
): Promise<{ readonly answers: readonly Answer[]; readonly ran: string[] }> {
  const ran: string[] = [];
  const { kernel } = await serve(scripted(async ({ code }) => (ran.push(code), OK)));
  const child = spawn(pythonPath(), [join(repository, 'test/support/programs/odd_requests.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ connection: JSON.parse(formatConnectionInfo(kernel.connection)), requests }));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await new Promise((resolve) => child.once('close', resolve));
  const answers: readonly Answer[] = JSON.parse(text);
  return { answers, ran };
}

const execute = (fields: string): string => `{"msg_type":"execute_request",${fields}}`;
const head = (id: string): string => execute(`"msg_id":"${id}"`);
const bytes = (text: string): string => `hex:${Buffer.from(text, 'latin1').toString('hex')}`;
const CODE = '{"code":"x"}';

pythonTest('ids, dates and versions are told back as they came, and a name as the one that was verified', async () => {
  const headers = [
    execute('"msg_id":1,"session":2'),
    execute('"msg_id":12345678901234567890123,"session":"s","date":1700000000.50,"version":5.3'),
    execute('"msg_id":1.0,"session":null,"username":7'),
    execute('"msg_id":"text"'),
  ];
  const { answers, ran } = await askRaw(headers.map((header) => [header, 'null', '[]', CODE]));
  const fields = [
    ['"msg_id":1,', '"session":2,'],
    ['"msg_id":12345678901234567890123,', '"session":"s"', '"date":1700000000.50', '"version":5.3'],
    ['"msg_id":1.0,', '"session":null'],
    ['"msg_id":"text"'],
  ];
  for (const [at, [parent, content, idleParent]] of answers.entries()) {
    expect(JSON.parse(content)).toMatchObject({ status: 'ok' });
    expect(JSON.parse(parent)).toMatchObject({ username: 'owner' });
    for (const field of fields[at] ?? []) expect(parent).toContain(field);
    expect(idleParent).toBe(parent);
  }
  expect(ran).toEqual(['x', 'x', 'x', 'x']);
});

pythonTest('a parent, metadata and content that some write for nothing are none', async () => {
  const header = '{"msg_type":"kernel_info_request","msg_id":"i"}';
  const nothing = ['null', '[]', '""', '{}'];
  const requests = nothing.map((text, at): Request => [header.replace('"i"', `"${at}"`), text, text, text]);
  const { answers } = await askRaw(requests);
  expect(answers.map(([, content]) => JSON.parse(content))).toEqual(
    nothing.map(() => expect.objectContaining({ status: 'ok' })),
  );
});

pythonTest(
  'flags as numbers, empty objects as lists, NaN and text that is not UTF-8 are read as Python reads them',
  async () => {
    const { answers, ran } = await askRaw([
      [
        head('a'),
        '{}',
        '{"load":NaN}',
        '{"code":"a","silent":0,"store_history":1,"user_expressions":[],"x":-Infinity}',
      ],
      [head('b'), '{}', '{}', bytes('{"code":"caf\xe9"}')],
    ]);
    expect(answers.map(([, content]) => JSON.parse(content))).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
    expect(ran).toEqual(['a', 'caf\ufffd']);
  },
);

pythonTest('a request whose content cannot be read gets an error reply, and nothing is run', async () => {
  const deep = `{"code":"x","deep":${'['.repeat(1000)}${']'.repeat(1000)}}`;
  const { answers, ran } = await askRaw([
    [execute('"msg_id":1'), '{}', '{}', '{"code":"x"'],
    [execute('"msg_id":2'), '{}', '{', CODE],
    [execute('"msg_id":3'), '{}', '{}', deep],
    [execute('"msg_id":4'), '{}', '{}', '{"code":5}'],
  ]);
  const enames = ['MessageMalformed', 'MessageMalformed', 'MessageTooLarge', 'MessageMalformed'];
  expect(answers.map(([parent, content]) => [JSON.parse(parent), JSON.parse(content)])).toMatchObject(
    enames.map((ename, at) => [{ msg_id: at + 1 }, { status: 'error', ename }]),
  );
  expect(ran).toEqual([]);
});
