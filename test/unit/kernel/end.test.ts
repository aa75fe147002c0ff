import { describe, expect, test } from '@jest/globals';
import { openDialer } from '#src/transport/client/dialer.js';
import { connect, gate, OK, scripted, serve, untilAborted } from '../../support/kernel/serve.js';

const never = async (): Promise<never> => new Promise(() => undefined);
const cannotClose = async (): Promise<never> => Promise.reject(new Error('cannot close'));

describe('shutdown_request', () => {
  test.each([true, false])(
    'with restart %s is answered on control, told to every client, and ends the kernel',
    async (restart) => {
      const reasons: string[] = [];
      const close = async (reason: string): Promise<void> => void reasons.push(reason);
      const { kernel, client } = await serve(scripted(async () => OK, { close }));
      const other = await connect(kernel);
      const id = await client.send('shutdown_request', { restart }, { channel: 'control' });
      const reply = await client.reply(id);
      expect(reply.content).toEqual({ status: 'ok', restart });
      const told = await other.find(({ message }) => message.header.msg_type === 'shutdown_reply', 'the end');
      expect(told.channel).toBe('iopub');
      expect(told.message).toMatchObject({ content: { status: 'ok', restart }, parent_header: { msg_id: id } });
      expect(await kernel.closed).toEqual({ restart });
      expect(reasons).toEqual([restart ? 'restart' : 'shutdown']);
      expect(client.said(id)).toEqual(['busy', 'shutdown_reply', 'idle']);
    },
  );

  test('ends what runs and aborts what waits, each with its reply', async () => {
    const { kernel, client } = await serve(scripted(async (_, { signal }) => untilAborted(signal)));
    const running = await client.execute('x');
    const waiting = await client.execute('y');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    await client.ask('kernel_info_request');
    await client.send('shutdown_request', { restart: false }, { channel: 'control' });
    expect((await client.reply(running)).content).toMatchObject({ status: 'error' });
    expect((await client.reply(waiting)).content).toEqual({ status: 'aborted' });
    await kernel.closed;
  });

  test('is not held up by a language that neither stops nor closes', async () => {
    const failures: unknown[] = [];
    const { kernel, client } = await serve(scripted(never, { close: never, interrupt: never }), {
      onFailure: (error) => failures.push(error),
    });
    await client.execute('x');
    await client.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell begin');
    const id = await client.send('shutdown_request', { restart: false }, { channel: 'control' });
    expect((await client.reply(id)).content).toMatchObject({ status: 'ok' });
    await kernel.closed;
    expect(failures).toMatchObject([{ code: 'language-failed' }, { code: 'language-failed' }]);
  });

  test('is not held up by a language that throws when it closes', async () => {
    const failures: unknown[] = [];
    const { kernel, client } = await serve(
      scripted(async () => OK, { close: cannotClose }),
      { onFailure: (error) => failures.push(error) },
    );
    await client.send('shutdown_request', { restart: false }, { channel: 'control' });
    await kernel.closed;
    expect(failures).toMatchObject([{ message: 'cannot close' }]);
  });
});

describe('a kernel that is closed by its owner', () => {
  test('is closed once, and gives its ports back', async () => {
    let closes = 0;
    const { kernel } = await serve(scripted(async () => OK, { close: async () => void closes++ }));
    await Promise.all([kernel.close(), kernel.close()]);
    expect(await kernel.closed).toEqual({ restart: false });
    expect(closes).toBe(1);
    const { connection } = kernel;
    const late = openDialer({ connection, routingId: 'late', onMessage: () => undefined, timeout: 300 });
    await expect(late).rejects.toMatchObject({ code: 'peer-silent' });
  });

  test('drops output that comes later still', async () => {
    const hold = gate();
    const after: string[] = [];
    const { kernel, client } = await serve(
      scripted(async (_, cell) => {
        const late = async (): Promise<void> => {
          await hold.passed;
          cell.stream('stdout', 'too late');
          cell.display({ 'text/plain': 'too late' });
          after.push('no error');
        };
        void late();
        return OK;
      }),
    );
    await client.ask('execute_request', { code: 'x' });
    await kernel.close();
    hold.open();
    await hold.passed;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(after).toEqual(['no error']);
  });

  test('ends when the signal of its owner is aborted', async () => {
    const owner = new AbortController();
    const { kernel } = await serve(
      scripted(async () => OK),
      { signal: owner.signal },
    );
    owner.abort();
    expect(await kernel.closed).toEqual({ restart: false });
  });
});
