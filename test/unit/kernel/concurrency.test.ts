import { describe, expect, test } from '@jest/globals';
import { textOf } from '../../support/kernel/kernel-client.js';
import { gate, OK, scripted, serve } from '../../support/kernel/serve.js';

const languageThatAnswers = (cell: Promise<void>): ReturnType<typeof scripted> =>
  scripted(
    async () => {
      await cell;
      return OK;
    },
    {
      complete: async ({ code, cursorPos }) => ({ matches: [`${code}!`], cursorStart: 0, cursorEnd: cursorPos }),
      inspect: async ({ detailLevel }) => ({ found: true, data: { 'text/plain': `level ${detailLevel}` } }),
      isComplete: async (code) => (code === '{' ? { status: 'incomplete', indent: '  ' } : { status: 'complete' }),
      commInfo: async (target) => ({ c1: { target_name: target ?? 'all' } }),
    },
  );

const onlyExecutes = scripted(async () => OK);

describe('while a cell runs', () => {
  const asking: readonly [string, Record<string, string | number | boolean>, Record<string, unknown>][] = [
    ['kernel_info_request', {}, { status: 'ok', implementation: 'scripted' }],
    [
      'complete_request',
      { code: '𝒳y', cursor_pos: 2 },
      { matches: ['𝒳y!'], cursor_start: 0, cursor_end: 2, metadata: {} },
    ],
    ['complete_request', { code: '𝒳y' }, { cursor_end: 2 }],
    [
      'inspect_request',
      { code: 'x', cursor_pos: 1, detail_level: 1 },
      { found: true, data: { 'text/plain': 'level 1' } },
    ],
    ['is_complete_request', { code: '{' }, { status: 'incomplete', indent: '  ' }],
    ['is_complete_request', { code: 'x' }, { status: 'complete' }],
    ['comm_info_request', { target_name: 'widget' }, { status: 'ok', comms: { c1: { target_name: 'widget' } } }],
    ['comm_info_request', {}, { comms: { c1: { target_name: 'all' } } }],
    ['history_request', { hist_access_type: 'tail', n: 1, output: false, raw: true }, { history: [[1, 1, 'cell']] }],
  ];

  test('whatever only asks is answered at once, between busy and idle of its own, on shell and on control', async () => {
    const hold = gate();
    const { client } = await serve(languageThatAnswers(hold.passed));
    const cell = await client.execute('cell');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    for (const channel of ['shell', 'control'] as const) {
      for (const [msgType, content, answer] of asking) {
        const id = await client.send(msgType, content, { channel });
        expect(await client.answer(id)).toMatchObject(answer);
        expect(client.said(id)).toEqual(['busy', 'idle']);
      }
    }
    expect(client.said(cell)).not.toContain('idle');
    hold.open();
    expect(await client.answer(cell)).toMatchObject({ status: 'ok' });
  });

  test('busy is said again for the cell after the idle of another request, and not after its own', async () => {
    const hold = gate();
    const { client } = await serve(languageThatAnswers(hold.passed));
    const cell = await client.execute('cell');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    const asked = await client.send('kernel_info_request');
    await client.idle(asked);
    await client.find(() => client.said(cell).filter((word) => word === 'busy').length === 2, 'busy again');
    hold.open();
    await client.idle(cell);
    await client.ask('kernel_info_request');
    const states = client.heard
      .filter(({ message }) => message.header.msg_type === 'status')
      .map(
        ({ message }) =>
          `${message.parent_header.msg_id === cell ? 'cell' : 'asked'} ${textOf(message.content['execution_state'])}`,
      );
    expect(states).toEqual([
      'cell busy',
      'asked busy',
      'asked idle',
      'cell busy',
      'cell idle',
      'asked busy',
      'asked idle',
    ]);
  });

  test('heartbeats are echoed', async () => {
    const hold = gate();
    const { client } = await serve(languageThatAnswers(hold.passed));
    const cell = await client.execute('cell');
    for (let beat = 0; beat < 3; beat++) expect(await client.dialer.heartbeat()).toBeGreaterThan(0);
    hold.open();
    await client.idle(cell);
  });
});

describe('a language that only executes', () => {
  test('has well-formed answers to everything else', async () => {
    const { client } = await serve(onlyExecutes);
    const ask = async (msgType: string, content = {}): Promise<unknown> => client.ask(msgType, content);
    expect(await ask('complete_request', { code: 'abc', cursor_pos: 99 })).toEqual({
      status: 'ok',
      matches: [],
      cursor_start: 3,
      cursor_end: 3,
      metadata: {},
    });
    expect(await ask('inspect_request', { code: 'abc', cursor_pos: 1 })).toEqual({
      status: 'ok',
      found: false,
      data: {},
      metadata: {},
    });
    expect(await ask('is_complete_request', { code: 'abc' })).toEqual({ status: 'unknown' });
    expect(await ask('comm_info_request')).toEqual({ status: 'ok', comms: {} });
  });

  test('is introduced by kernel_info without features that it has not', async () => {
    const { client } = await serve(onlyExecutes);
    expect(await client.ask('kernel_info_request')).toEqual({
      status: 'ok',
      protocol_version: expect.stringMatching(/^5\.([4-9]|\d\d)$/),
      implementation: 'scripted',
      implementation_version: '1.0',
      language_info: { name: 'scripted', version: '1.0', mimetype: 'text/plain', file_extension: '.txt' },
      banner: 'A language for tests',
      help_links: [],
      debugger: false,
      supported_features: ['curve access'],
    });
  });
});

describe('a language that fails to answer', () => {
  test('costs the client that asked an error reply, and no more', async () => {
    const { client } = await serve(
      scripted(async () => OK, {
        complete: async () => Promise.reject(new Error('no words')),
        inspect: () => {
          throw new Error('no sight');
        },
      }),
    );
    const asked = { code: 'x', cursor_pos: 1 };
    expect(await client.ask('complete_request', asked)).toMatchObject({ status: 'error', evalue: 'no words' });
    expect(await client.ask('inspect_request', asked)).toMatchObject({ status: 'error', evalue: 'no sight' });
    expect(await client.ask('complete_request', { code: 5 })).toMatchObject({
      status: 'error',
      ename: 'MessageMalformed',
    });
    expect(await client.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
  });
});
