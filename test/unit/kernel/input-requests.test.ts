import { describe, expect, test } from '@jest/globals';
import type { CellContext } from '#src/kernel/language.js';
import type { Message, ParentHeader } from '#src/protocol/message.js';
import { childOf, plainText, type KernelClient } from '../../support/kernel/kernel-client.js';
import { connect, OK, scripted, serve, untilAborted } from '../../support/kernel/serve.js';

/** Asks one question for each word of its code, and shows the answers. */
const asking = scripted(async ({ code }, cell) => {
  cell.stream('stdout', 'before');
  for (const word of code.split(' ')) cell.display({ 'text/plain': await cell.input(word) });
  return OK;
});

const question = async (client: KernelClient, prompt: string): Promise<Message> =>
  (await client.find(({ channel, message }) => channel === 'stdin' && message.content['prompt'] === prompt, prompt))
    .message;

const answerTo = async (client: KernelClient, value: string, parent?: ParentHeader): Promise<void> => {
  await client.send('input_reply', { value }, { channel: 'stdin', ...(parent && { parent }) });
};

const shown = (client: KernelClient, id: string): unknown[] =>
  client
    .published(id)
    .filter(({ header }) => header.msg_type === 'display_data')
    .map(plainText);

/** Whatever the client sent on stdin before has been read when this is over. */
const stdinRead = async (client: KernelClient): Promise<void> => {
  await client.ask('anything_request', {}, { channel: 'stdin' });
};

describe('input', () => {
  test('is asked of the client that sent the cell, and of nobody else', async () => {
    const { kernel, client } = await serve(asking);
    const other = await connect(kernel);
    const id = await client.execute('name', { allow_stdin: true });
    const asked = await question(client, 'name');
    expect(asked.header.msg_type).toBe('input_request');
    expect(asked.content).toEqual({ prompt: 'name', password: false });
    expect(childOf(asked, id)).toBe(true);
    await answerTo(client, 'Ada', asked.header);
    expect(await client.answer(id)).toMatchObject({ status: 'ok' });
    expect(shown(client, id)).toEqual(['Ada']);
    await other.ask('kernel_info_request');
    expect(other.heard.filter(({ channel }) => channel === 'stdin')).toEqual([]);
  });

  test('takes a reply without a parent, as stock clients send it, and one whose parent is the cell', async () => {
    const { client } = await serve(asking);
    const id = await client.execute('a b', { allow_stdin: true });
    await question(client, 'a');
    await answerTo(client, '1');
    const { parent_header: cell } = await question(client, 'b');
    await answerTo(client, '2', cell);
    await client.idle(id);
    expect(shown(client, id)).toEqual(['1', '2']);
  });

  test('asks one question at a time, in order, also when code asks several at once', async () => {
    const { client } = await serve(
      scripted(async (_, cell) => {
        const answers = await Promise.all([cell.input('a'), cell.input('b', { password: true })]);
        cell.display({ 'text/plain': answers.join() });
        return OK;
      }),
    );
    const id = await client.execute('x', { allow_stdin: true });
    await question(client, 'a');
    await answerTo(client, '1');
    expect((await question(client, 'b')).content['password']).toBe(true);
    await answerTo(client, '2');
    await client.idle(id);
    expect(shown(client, id)).toEqual(['1,2']);
  });

  test('is not given by another client, a reply to something else, or a reply without a value', async () => {
    const { kernel, client } = await serve(asking);
    const other = await connect(kernel);
    const id = await client.execute('name', { allow_stdin: true });
    const asked = await question(client, 'name');
    await answerTo(other, 'forged');
    await answerTo(other, 'forged', asked.header);
    await answerTo(client, 'stale', { ...asked.header, msg_id: 'another' });
    await client.send('input_reply', { value: 5 }, { channel: 'stdin' });
    await client.send('input_reply', {}, { channel: 'stdin', parent: asked.header });
    await stdinRead(other);
    await stdinRead(client);
    expect(shown(client, id)).toEqual([]);
    await answerTo(client, 'Ada', asked.header);
    await client.idle(id);
    expect(shown(client, id)).toEqual(['Ada']);
  });

  test('that nobody asked for is ignored, and not kept for the next question', async () => {
    const { client } = await serve(asking);
    await answerTo(client, 'early');
    await stdinRead(client);
    const id = await client.execute('name', { allow_stdin: true });
    const asked = await question(client, 'name');
    await answerTo(client, 'Ada', asked.header);
    await client.idle(id);
    await answerTo(client, 'late', asked.header);
    await stdinRead(client);
    const next = await client.execute('again', { allow_stdin: true });
    await question(client, 'again');
    await answerTo(client, 'Eve');
    await client.idle(next);
    expect(shown(client, id)).toEqual(['Ada']);
    expect(shown(client, next)).toEqual(['Eve']);
  });

  test('cannot be asked where the client does not allow it', async () => {
    const { client } = await serve(asking);
    const id = await client.execute('name', { allow_stdin: false });
    expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'InputUnavailable' });
    expect(client.heard.filter(({ channel }) => channel === 'stdin')).toEqual([]);
  });

  test('cannot be asked after the end of the cell, and a question left open then is given up', async () => {
    const errors: unknown[] = [];
    const cells: CellContext[] = [];
    const { client } = await serve(
      scripted(async (_, cell) => {
        cells.push(cell);
        cell.input('forgotten').catch((error: unknown) => errors.push(error));
        return OK;
      }),
    );
    await client.answer(await client.execute('x', { allow_stdin: true }));
    expect(errors).toMatchObject([{ code: 'input-unavailable' }]);
    await expect(cells[0]?.input('late')).rejects.toMatchObject({ code: 'input-unavailable' });
  });

  test('that is awaited ends with an interrupt, and output before it is shown before it', async () => {
    const { client } = await serve(asking);
    const id = await client.execute('name', { allow_stdin: true });
    await question(client, 'name');
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
    expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'Interrupted' });
    expect(client.said(id).indexOf('stream')).toBe(2);
    const next = await client.execute('again', { allow_stdin: true });
    await question(client, 'again');
    await answerTo(client, 'Eve');
    await client.idle(next);
    expect(shown(client, next)).toEqual(['Eve']);
  });
});

describe('interrupt_request', () => {
  test('stops the cell, aborts what waits behind it, and the kernel goes on', async () => {
    const interrupts: string[] = [];
    const interrupt = async (): Promise<void> => void interrupts.push('asked');
    const { client } = await serve(
      scripted(async ({ code }, { signal }) => (code === 'x' ? untilAborted(signal) : OK), { interrupt }),
    );
    const running = await client.execute('x');
    const behind = await client.execute('y');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    await client.ask('kernel_info_request');
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
    expect(await client.answer(running)).toMatchObject({ status: 'error', ename: 'Interrupted' });
    expect(await client.answer(behind)).toEqual({ status: 'aborted' });
    expect(await client.ask('execute_request', { code: 'z' })).toMatchObject({ status: 'ok' });
    expect(interrupts).toEqual(['asked']);
  });

  test('reaches a cell that still waits for the language to start', async () => {
    const { client } = await serve(scripted(async () => OK, { start: async () => new Promise(() => undefined) }));
    const id = await client.execute('x');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  test('is answered when nothing runs, and with an error when the language cannot', async () => {
    let fail = false;
    const interrupt = async (): Promise<void> => {
      if (fail) throw new Error('cannot');
    };
    const { client } = await serve(scripted(async () => OK, { interrupt }));
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
    fail = true;
    expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({
      status: 'error',
      evalue: 'cannot',
    });
  });
});
