/** Messages pass the relay as the bytes that they came as; what it must read to decide, it reads as the kernel does. */
import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createMessage } from '#src/protocol/create-message.js';
import { encodedBytes, encodedObject } from '#src/protocol/encoded-object.js';
import type { Channel, Message } from '#src/protocol/message.js';
import { openDialer, type Dialer } from '#src/transport/client/dialer.js';
import { eventually, pause } from '../../support/eventually.js';
import { childOf } from '../../support/kernel/kernel-client.js';
import { startRelay, type RelayProcess } from '../../support/kernel/relay-process.js';

interface RawClient {
  readonly heard: { readonly channel: Channel; readonly message: Message }[];
  readonly dialer: Dialer;
  /** Sends a request with these bytes as metadata and content; returns its id. */
  send(type: string, metadata: Uint8Array, content: Uint8Array, buffers?: readonly Uint8Array[]): Promise<string>;
}

async function connectRaw(relay: RelayProcess): Promise<RawClient> {
  const heard: RawClient['heard'] = [];
  const session = randomUUID();
  const dialer = await openDialer({
    connection: await relay.connection(),
    routingId: session,
    keepBytes: true,
    onMessage: (channel, message) => void heard.push({ channel, message }),
  });
  await eventually(() => heard.length > 0, 'the welcome');
  return {
    heard,
    dialer,
    async send(type, metadata, content, buffers = []) {
      const message = createMessage({ session, username: 'owner' }, type, {}, { buffers });
      await dialer.send('shell', {
        ...message,
        metadata: encodedObject(metadata),
        content: encodedObject(content),
      });
      return message.header.msg_id;
    },
  };
}

const bytesOf = (value: object): string => Buffer.from(encodedBytes(value) ?? []).toString('latin1');

const CONTENTS: readonly (readonly [string, string | Buffer])[] = [
  ['spaces and order', '{ "b" : 1 ,\t"a":2}'],
  ['numbers that JavaScript changes', '{"a":9223372036854775807,"b":1.0,"c":1e400,"d":-0.0,"e":1E2}'],
  ['NaN and Infinity, as Python writes them', '{"a":NaN,"b":-Infinity}'],
  ['half a surrogate pair', String.raw`{"a":"\ud800","\udfff":1}`],
  ['escapes', String.raw`{"a":"\u0041\/\u00e9"}`],
  ['a name that is a prototype', '{"__proto__":{"x":1}}'],
  ['bytes that are not UTF-8', Buffer.from([...Buffer.from('{"a":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
  ['much', `{"a":"${'x'.repeat(3_000_000)}","b":1.0}`],
  ['deep', `{"a":${'['.repeat(500)}${']'.repeat(500)}}`],
];

describe('bytes', () => {
  test('of content, metadata and buffers are the same in both directions', async () => {
    const relay = await startRelay();
    const client = await connectRaw(relay);
    const buffers = Array.from({ length: 200 }, (_, at) => Buffer.alloc(at, at));
    for (const [what, text] of CONTENTS) {
      const bytes = Buffer.from(text);
      const id = await client.send('echo_request', bytes, bytes, buffers);
      for (const type of ['echo_reply', 'echo']) {
        const { message } = await eventually(
          () => client.heard.find((one) => childOf(one.message, id) && one.message.header.msg_type === type),
          `${type} of ${what}`,
        );
        const passed = [message.metadata, message.content].map(bytesOf);
        expect([what, ...passed.map((one) => one === bytes.toString('latin1'))]).toEqual([what, true, true]);
        expect(message.buffers.map((one) => Buffer.from(one).toString('hex'))).toEqual(
          buffers.map((one) => one.toString('hex')),
        );
      }
    }
    await client.dialer.close();
  });

  test('of a header that the kernel writes in its own way pass, too', async () => {
    const relay = await startRelay();
    const client = await connectRaw(relay);
    const id = await client.send('echo_request', Buffer.from('{}'), Buffer.from('{}'));
    const { message } = await eventually(
      () => client.heard.find((one) => childOf(one.message, id) && one.channel === 'iopub'),
      'the echo',
    );
    // Python writes a space after a colon.
    expect(bytesOf(message.header)).toContain('"username": "raw"');
    await client.dialer.close();
  });
});

describe('a request', () => {
  test('in which a member is there twice does not reach the kernel, which may believe another of them', async () => {
    const relay = await startRelay();
    const client = await connectRaw(relay);
    const id = await client.send(
      'echo_request',
      Buffer.from('{}'),
      Buffer.from('{"target_name":"a","target_name":"b"}'),
    );
    const { message } = await eventually(
      () => client.heard.find((one) => childOf(one.message, id) && one.channel === 'shell'),
      'the reply',
    );
    expect(message).toMatchObject({ header: { msg_type: 'echo_reply' }, content: { status: 'error' } });
    await client.dialer.close();
  });

  test('of a type that the kernel does not know is met with its silence', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    const unknown = await client.send('unknown_request');
    await client.ask('execute_request', { code: '1' });
    expect(client.published(unknown)).toEqual([]);
  });
});

describe('before the kernel is ready', () => {
  test('1,000 requests are held, and answered in order', async () => {
    const relay = await startRelay({ manners: ['late'] });
    const client = await relay.connect();
    const ids: string[] = [];
    for (let n = 0; n < 1_000; n += 1) ids.push(await client.execute('1'));
    await client.idle(ids.at(-1) ?? '');
    await client.reply(ids.at(-1) ?? '');
    const replied = client.heard
      .filter(({ channel }) => channel === 'shell')
      .map(({ message }) => message.parent_header.msg_id);
    expect(replied).toEqual(ids);
  });

  test('too many requests are refused', async () => {
    const relay = await startRelay({ manners: ['unbound'] });
    const client = await relay.connect();
    const ids: string[] = [];
    for (let n = 0; n < 10_001; n += 1) ids.push(await client.execute('1'));
    expect((await client.reply(ids.at(-1) ?? '')).content).toMatchObject({ ename: 'TooManyRequests' });
    expect(client.heard.filter(({ channel }) => channel === 'shell')).toHaveLength(1);
  });

  test('output is passed on, and nothing of the relay’s own requests', async () => {
    const relay = await startRelay({ manners: ['early'] });
    const client = await relay.connect();
    await client.ask('execute_request', { code: '1' });
    const types = new Set(client.heard.map(({ message }) => message.header.msg_type));
    expect([...types].toSorted()).toEqual(['execute_reply', 'iopub_welcome', 'status', 'stream']);
    const parents = client.heard
      .filter(({ message }) => message.header.msg_type === 'status')
      .map(({ message }) => message.parent_header.msg_type ?? 'none');
    expect(parents.filter((type) => type === 'kernel_info_request')).toEqual([]);
  });
});

describe('sockets', () => {
  test('with a colon in their names, as tslab makes them, are found', async () => {
    const relay = await startRelay({ manners: ['colon'] });
    const client = await relay.connect();
    expect(await client.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
  });

  test('are tcp where that is asked for', async () => {
    const relay = await startRelay({ manners: ['tcp-only'], options: ['--inner', 'tcp'] });
    const client = await relay.connect();
    expect(await client.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
    expect(relay.stderr()).toContain('warning: ');
  });
});

describe('heartbeat', () => {
  test('goes unanswered while the kernel is stopped', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    const inner = await relay.inner();
    await client.ask('execute_request', { code: '1' });
    await client.dialer.heartbeat();
    process.kill(inner, 'SIGSTOP');
    await pause(4_000);
    await expect(client.dialer.heartbeat({ timeout: 500 })).rejects.toMatchObject({ code: 'peer-lost' });
    process.kill(inner, 'SIGCONT');
    await eventually(async () => {
      try {
        return await client.dialer.heartbeat({ timeout: 500 });
      } catch {
        return undefined;
      }
    }, 'it is answered again');
  });
});
