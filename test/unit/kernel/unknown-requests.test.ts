import { describe, expect, test } from '@jest/globals';
import { Secret } from '#src/keys/secret.js';
import type { JsonObject } from '#src/protocol/message.js';
import type { Language } from '#src/kernel/language.js';
import { createMessage } from '#src/protocol/create-message.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/kernel/kernel-client.js';
import { OK, scripted, serve } from '../../support/kernel/serve.js';

describe('a request that this kernel does not know', () => {
  test.each(['shell', 'control', 'stdin'] as const)(
    'gets an error reply on %s, between busy and idle',
    async (channel) => {
      const { client } = await serve(scripted(async () => OK));
      const types = [
        'no_such_request',
        '__proto___request',
        'constructor_request',
        'usage_request',
        'x'.repeat(100) + '_request',
      ];
      for (const msgType of types) {
        const id = await client.send(msgType, {}, { channel });
        const reply = await client.reply(id);
        expect(reply.header.msg_type).toBe(msgType.replace(/_request$/, '_reply'));
        expect(reply.content).toMatchObject({
          status: 'error',
          ename: 'UnknownRequest',
          traceback: [expect.any(String)],
        });
        await client.idle(id);
        expect(client.said(id)).toEqual(['busy', 'idle']);
      }
    },
  );

  test.each(['create_subshell_request', 'delete_subshell_request', 'list_subshell_request'])(
    'is %s, and says so: subshells are not advertised',
    async (msgType) => {
      const { client } = await serve(scripted(async () => OK));
      const content = { subshell_id: 'a' };
      expect(await client.ask(msgType, content, { channel: 'control' })).toMatchObject({ status: 'error' });
    },
  );

  test('is one for a subshell that does not exist', async () => {
    const ran: string[] = [];
    const { client } = await serve(scripted(async ({ code }) => (ran.push(code), OK)));
    for (const [msgType, content] of [
      ['execute_request', { code: 'x' }],
      ['kernel_info_request', {}],
    ] as const) {
      const id = await client.send(msgType, content, { subshellId: 'nowhere' });
      expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'UnknownSubshell' });
    }
    const comm = await client.send('comm_msg', { comm_id: 'x', data: {} }, { subshellId: 'nowhere' });
    await client.idle(comm);
    expect(ran).toEqual([]);
  });

  test('is debug_request when the language has no debugger', async () => {
    const { client } = await serve(scripted(async () => OK));
    const asked = { type: 'request', seq: 1, command: 'initialize', arguments: {} };
    expect(await client.ask('debug_request', asked, { channel: 'control' })).toMatchObject({ status: 'error' });
  });

  test('and a message that is no request at all gets busy and idle, or for a stray reply nothing', async () => {
    const { client } = await serve(scripted(async () => OK));
    const stray = await client.send('execute_reply', { status: 'ok' });
    const id = await client.send('gossip', { of: 'no interest' });
    await client.idle(id);
    expect(client.said(id)).toEqual(['busy', 'idle']);
    expect(client.said(stray)).toEqual([]);
  });
});

const debug = async (request: JsonObject): Promise<JsonObject> => ({
  type: 'response',
  command: request['command'] ?? '',
});

describe('a language with a debugger', () => {
  test('is asked on control, and advertised', async () => {
    const { client } = await serve(scripted(async () => OK, { debug }));
    const reply = await client.ask('debug_request', { command: 'initialize' }, { channel: 'control' });
    expect(reply).toEqual({ type: 'response', command: 'initialize' });
    const info = await client.ask('kernel_info_request');
    expect(info).toMatchObject({ debugger: true, supported_features: ['debugger', 'curve access'] });
  });

  test('cannot advertise what the kernel does not do', async () => {
    const language: Language = scripted(async () => OK);
    const boasting = {
      ...language,
      info: { ...language.info, supported_features: ['kernel subshells', 'debugger', 'own'] },
    };
    const { client } = await serve(boasting);
    expect(await client.ask('kernel_info_request')).toMatchObject({ supported_features: ['own', 'curve access'] });
  });
});

describe('a bad message', () => {
  test('costs its sender that message, and others nothing', async () => {
    const rejected: string[] = [];
    const { kernel, client } = await serve(
      scripted(async () => OK),
      {
        onEvent: (event) => void (event.kind === 'message-rejected' && rejected.push(event.error.code)),
      },
    );
    const heard: string[] = [];
    const forger = await openDialer({
      connection: { ...kernel.connection, key: Secret.fromText('not the key of this kernel') },
      routingId: 'forger',
      onMessage: (_, { header }) => void heard.push(header.msg_type),
    });
    const origin = { session: 'forger', username: 'forger' };
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      await forger.send(channel, createMessage(origin, 'kernel_info_request', {}));
    }
    await eventually(() => rejected.length >= 3);
    expect(await client.ask('execute_request', { code: 'x' })).toMatchObject({ status: 'ok' });
    await forger.close();
    expect(rejected).toEqual(['message-unsigned', 'message-unsigned', 'message-unsigned']);
    expect(heard).toEqual([]);
  });
});

describe('comms', () => {
  test('are closed at once when the language has none', async () => {
    const { client } = await serve(scripted(async () => OK));
    const id = await client.send('comm_open', { comm_id: 'c1', target_name: 't', data: {} });
    await client.idle(id);
    expect(client.said(id)).toEqual(['busy', 'comm_close', 'idle']);
    expect(client.published(id)[1]?.content).toEqual({ comm_id: 'c1', data: {} });
    const message = await client.send('comm_msg', { comm_id: 'c1', data: {} });
    await client.idle(message);
    expect(client.said(message)).toEqual(['busy', 'idle']);
  });

  test('reach the language in order with executions, and survive the failure of one', async () => {
    const log: string[] = [];
    const { client } = await serve(
      scripted(
        async ({ code }) => {
          log.push(code);
          return code === 'bad' ? { status: 'error', ename: 'E', evalue: '', traceback: [] } : OK;
        },
        {
          async comm({ header, content }, cell) {
            log.push(`${header.msg_type} ${textOf(content['comm_id'])}`);
            cell.publish('comm_msg', { comm_id: content['comm_id'] ?? '', data: { answer: true } });
            if (content['comm_id'] === 'broken') throw new Error('comm broke');
          },
        },
      ),
    );
    const ids = [
      await client.execute('bad'),
      await client.send('comm_open', { comm_id: 'c1', target_name: 't', data: {} }),
      await client.execute('never'),
      await client.send('comm_msg', { comm_id: 'broken', data: {} }),
      await client.send('comm_close', { comm_id: 'c1', data: {} }),
    ];
    for (const id of ids) await client.idle(id);
    expect(log).toEqual(['bad', 'comm_open c1', 'comm_msg broken', 'comm_close c1']);
    expect(client.said(ids[1] ?? '')).toEqual(['busy', 'comm_msg', 'idle']);
    expect(client.said(ids[3] ?? '')).toEqual(['busy', 'comm_msg', 'error', 'idle']);
    expect(await client.ask('execute_request', { code: 'z' })).toMatchObject({ status: 'ok' });
  });
});
