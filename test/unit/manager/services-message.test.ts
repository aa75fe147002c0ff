import { expect, test } from '@jest/globals';
import { fromServicesMessage, toServicesMessage } from '#src/manager/services/services-message.js';
import { createMessage } from '#src/protocol/create-message.js';
import { keepSourceText, sourceTextOf } from '#src/protocol/source-text.js';

const origin = { session: 's', username: 'u' };

test('a message keeps its fields both ways', () => {
  const message = createMessage(
    origin,
    'x',
    { a: 1 },
    { metadata: { m: 1 }, parent: createMessage(origin, 'y', {}).header },
  );
  const there = toServicesMessage('shell', message);
  expect(there).toMatchObject({ ...message, channel: 'shell' });
  expect(fromServicesMessage(there)).toEqual(message);
});

test('a buffer is its bytes and nothing around them, in memory of its own, whichever way it goes', () => {
  const pool = Buffer.from('before|payload|after');
  const view = pool.subarray(7, 14);
  const [incoming] = toServicesMessage('iopub', createMessage(origin, 'x', {}, { buffers: [view] })).buffers ?? [];
  expect(incoming).toBeInstanceOf(DataView);
  const message = createMessage(origin, 'x', {});
  const sent = [view, new DataView(pool.buffer, pool.byteOffset + 7, 7), Uint8Array.from(view).buffer];
  const outgoing = fromServicesMessage({ ...message, channel: 'shell', buffers: sent }).buffers;
  pool.fill(0); // what happens to the memory they came from is no matter
  for (const buffer of [incoming, ...outgoing]) {
    if (!ArrayBuffer.isView(buffer)) throw new Error('not a view');
    expect(Buffer.from(buffer.buffer).toString()).toBe('payload');
  }
});

test('only iopub messages are completed, and what is there stays', () => {
  const stream = createMessage(origin, 'stream', { name: null, text: 'x', more: 1 });
  expect(toServicesMessage('iopub', stream).content).toEqual({ name: 'stdout', text: 'x', more: 1 });
  expect(toServicesMessage('shell', stream).content).toEqual({ name: null, text: 'x', more: 1 });
});

test('the text of content whose numbers are not kept stays known, completed or not', () => {
  for (const type of ['display_data', 'comm_msg', 'another']) {
    const message = createMessage(origin, type, { data: { one: 1 } });
    keepSourceText(message.content, '{"data":{"one":1.0}}');
    for (const channel of ['iopub', 'shell'] as const) {
      expect(sourceTextOf(toServicesMessage(channel, message).content)).toBe('{"data":{"one":1.0}}');
    }
  }
});
