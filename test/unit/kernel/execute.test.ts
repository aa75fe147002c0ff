import { describe, expect, test } from '@jest/globals';
import { FAILED, OK, scripted, serve, type Execute } from '../../support/kernel/serve.js';

const echo: Execute = async ({ code }, cell) => {
  cell.stream('stdout', `${code}\n`);
  cell.result({ 'text/plain': code });
  return OK;
};

describe('execute_request', () => {
  test('is surrounded by busy and idle, shows its input, and everything has its header as parent', async () => {
    const { client } = await serve(scripted(echo));
    const id = await client.execute('one');
    const reply = await client.reply(id);
    await client.idle(id);
    expect(client.said(id)).toEqual(['busy', 'execute_input', 'stream', 'execute_result', 'idle']);
    expect(reply.parent_header).toMatchObject({ msg_id: id, msg_type: 'execute_request' });
    expect(reply.header).toMatchObject({ msg_type: 'execute_reply' });
    expect(reply.content).toEqual({ status: 'ok', execution_count: 1, payload: [], user_expressions: {} });
    expect(reply.metadata['started']).toEqual(expect.stringMatching(/^\d{4}-/));
    const [, input, stream, result] = client.published(id);
    expect(input?.content).toEqual({ code: 'one', execution_count: 1 });
    expect(stream?.content).toEqual({ name: 'stdout', text: 'one\n' });
    expect(result?.content).toEqual({ execution_count: 1, data: { 'text/plain': 'one' }, metadata: {} });
  });

  test('speaks protocol 5.4 or later, with one session for the life of the kernel', async () => {
    const { client } = await serve(scripted(echo));
    const first = await client.execute('one');
    const second = await client.execute('two');
    await client.idle(second);
    const headers = [...client.published(first), ...client.published(second)].map(({ header }) => header);
    expect(new Set(headers.map(({ session }) => session)).size).toBe(1);
    for (const { version } of headers) expect(Number(version.split('.')[1])).toBeGreaterThanOrEqual(4);
    expect(new Set(headers.map(({ msg_id }) => msg_id)).size).toBe(headers.length);
  });

  test('counts up when it is stored in history, and only then', async () => {
    const { client } = await serve(scripted(echo));
    const count = async (content: Record<string, boolean>): Promise<unknown> =>
      (await client.answer(await client.execute('x', content)))['execution_count'];
    expect(await count({})).toBe(1);
    expect(await count({ store_history: false })).toBe(1);
    expect(await count({ silent: true })).toBe(1);
    expect(await count({ silent: true, store_history: true })).toBe(1);
    expect(await count({})).toBe(2);
  });

  test('that is silent shows nothing but busy and idle, and is answered', async () => {
    const requests: unknown[] = [];
    const { client } = await serve(
      scripted(async (request, cell) => {
        requests.push(request);
        await echo(request, cell);
        cell.display({ 'text/plain': 'shown' });
        return request.code === 'bad' ? FAILED : OK;
      }),
    );
    const good = await client.execute('good', { silent: true });
    const bad = await client.execute('bad', { silent: true });
    expect(await client.answer(good)).toMatchObject({ status: 'ok', execution_count: 0 });
    expect(await client.answer(bad)).toMatchObject({ status: 'error', ename: 'Oops' });
    expect(client.said(good)).toEqual(['busy', 'idle']);
    expect(client.said(bad)).toEqual(['busy', 'idle']);
    expect(requests).toMatchObject([{ silent: true, storeHistory: false }, {}]);
  });

  test('hands the language what the client asked for, with the defaults of the protocol', async () => {
    const requests: unknown[] = [];
    const { client } = await serve(
      scripted(async (request) => {
        requests.push(request);
        return {
          status: 'ok',
          userExpressions: { a: { status: 'ok', data: {}, metadata: {} } },
          payload: [{ source: 'page' }],
        };
      }),
    );
    await client.ask('execute_request', { code: 'x' });
    const full = { code: 'y', user_expressions: { a: '1+1' }, allow_stdin: true };
    const reply = await client.ask('execute_request', full, { metadata: { cellId: 'cell-7' } });
    expect(requests).toEqual([
      { code: 'x', silent: false, storeHistory: true, userExpressions: {}, allowStdin: false, executionCount: 1 },
      {
        code: 'y',
        silent: false,
        storeHistory: true,
        userExpressions: { a: '1+1' },
        allowStdin: true,
        executionCount: 2,
        cellId: 'cell-7',
      },
    ]);
    expect(reply).toMatchObject({ user_expressions: { a: { status: 'ok' } }, payload: [{ source: 'page' }] });
  });

  test('that fails publishes one error before idle, and replies with the same', async () => {
    const { client } = await serve(scripted(async () => FAILED));
    const id = await client.execute('x');
    expect(await client.answer(id)).toMatchObject({ ...FAILED, execution_count: 1 });
    expect(client.said(id)).toEqual(['busy', 'execute_input', 'error', 'idle']);
    expect(client.published(id)[2]?.content).toEqual({
      ename: 'Oops',
      evalue: 'it broke',
      traceback: ['Oops: it broke'],
    });
  });

  test('whose content is wrong gets an error reply, and costs nobody else anything', async () => {
    const { client } = await serve(scripted(echo));
    for (const content of [{}, { code: 7 }, { code: 'x', silent: 'yes' }, { code: 'x', user_expressions: [1] }]) {
      const id = await client.send('execute_request', content);
      expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'MessageMalformed' });
      expect(client.said(id)).toEqual(['busy', 'idle']);
    }
    expect(await client.ask('execute_request', { code: 'fine' })).toMatchObject({ status: 'ok', execution_count: 1 });
  });
});

/** A value of a type that it should not have, as JavaScript lets languages have them. */
function careless(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return value as never;
}

describe('a language that misbehaves', () => {
  test.each<[string, Execute]>([
    [
      'throws',
      () => {
        throw new RangeError('no');
      },
    ],
    ['rejects', async () => Promise.reject(new RangeError('no'))],
    ['throws what is no error', async () => Promise.reject(careless('no'))],
    ['answers nothing', async () => careless(undefined)],
    ['answers nonsense', async () => careless({ status: 'perhaps' })],
    ['answers what JSON cannot say', async () => ({ status: 'ok', userExpressions: { a: careless(1n) } })],
    ['shows what JSON cannot say', async (_, cell) => (cell.display({ 'text/plain': careless(1n) }), OK)],
  ])('in that it %s gives its client an error reply with a hint, and the kernel lives on', async (_, misbehave) => {
    const { client } = await serve(
      scripted(async (request, cell) => (request.code === 'x' ? misbehave(request, cell) : OK)),
    );
    const id = await client.execute('x', { stop_on_error: false });
    const reply = await client.answer(id);
    expect(reply).toMatchObject({ status: 'error', traceback: [expect.any(String), expect.stringMatching(/^hint: /)] });
    expect(await client.ask('execute_request', { code: 'y' })).toMatchObject({ status: 'ok' });
    expect(client.said(id).at(-1)).toBe('idle');
  });

  test('cannot start: each execution says so, and tries again', async () => {
    let attempts = 0;
    const start = async (): Promise<void> => {
      if (++attempts < 3) throw new Error('not yet');
    };
    const { client } = await serve(scripted(async () => OK, { start }));
    expect(await client.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
    expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'error', evalue: 'not yet' });
    expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
  });
});
