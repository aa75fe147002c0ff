import { describe, expect, test } from '@jest/globals';
import { textOf } from '../../support/kernel/kernel-client.js';
import { FAILED, gate, OK, scripted, serve } from '../../support/kernel/serve.js';

describe('the order of executions', () => {
  test('is the order of their requests, one at a time', async () => {
    const log: string[] = [];
    const { client } = await serve(
      scripted(async ({ code }) => {
        log.push(`${code} begins`);
        await new Promise((resolve) => setTimeout(resolve, code === 'a' ? 30 : 0));
        log.push(`${code} ends`);
        return OK;
      }),
    );
    const ids = [await client.execute('a'), await client.execute('b'), await client.execute('c')];
    for (const id of ids) await client.idle(id);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    const states = client.heard
      .filter(({ message }) => ids.includes(message.parent_header.msg_id ?? ''))
      .filter(({ message }) => message.header.msg_type === 'status')
      .map(
        ({ message }) =>
          `${ids.indexOf(message.parent_header.msg_id ?? '')} ${textOf(message.content['execution_state'])}`,
      );
    expect(states).toEqual(['0 busy', '0 idle', '1 busy', '1 idle', '2 busy', '2 idle']);
  });

  test('holds for two hundred cells sent at once: each is answered, none is lost', async () => {
    const { client } = await serve(
      scripted(async ({ code, executionCount }, cell) => {
        cell.stream('stdout', `${executionCount} ${code}`);
        return OK;
      }),
    );
    const ids: string[] = [];
    for (let n = 1; n <= 200; n++) ids.push(await client.execute(String(n)));
    for (const id of ids) expect(await client.answer(id)).toMatchObject({ status: 'ok' });
    const texts = ids.map((id) => client.published(id)[2]?.content['text']);
    expect(texts).toEqual(ids.map((_, n) => `${n + 1} ${n + 1}`));
    for (const id of ids) expect(client.said(id)).toEqual(['busy', 'execute_input', 'stream', 'idle']);
  });
});

describe('stop_on_error', () => {
  const failing = scripted(async ({ code }) => (code === 'bad' ? FAILED : OK));

  test('aborts what waits behind a failure, each with a reply of its own', async () => {
    const ran: string[] = [];
    const hold = gate();
    const { client } = await serve(
      scripted(async ({ code }) => {
        ran.push(code);
        if (code !== 'bad') return OK;
        await hold.passed;
        return FAILED;
      }),
    );
    const bad = await client.execute('bad');
    const behind = [await client.execute('b'), await client.execute('c')];
    await client.ask('kernel_info_request'); // on the same channel: the others have arrived when it is answered
    hold.open();
    expect(await client.answer(bad)).toMatchObject({ status: 'error' });
    for (const id of behind) {
      expect(await client.answer(id)).toEqual({ status: 'aborted' });
      expect(client.said(id)).toEqual(['busy', 'idle']);
    }
    expect(ran).toEqual(['bad']);
  });

  test('also reaches what was sent in the same breath and had not arrived when the cell failed', async () => {
    const sent = gate();
    const { client } = await serve(
      scripted(async () => {
        await sent.passed;
        return FAILED;
      }),
    );
    const ids = await Promise.all([client.execute('bad'), client.execute('b'), client.execute('c')]);
    sent.open(); // they have left the client, and perhaps not come here
    const statuses = [];
    for (const id of ids) statuses.push((await client.answer(id))['status']);
    expect(statuses).toEqual(['error', 'aborted', 'aborted']);
  });

  test('leaves alone what is sent after the failure is known', async () => {
    const { client } = await serve(failing);
    for (let round = 0; round < 20; round++) {
      const bad = await client.execute('bad');
      await client.reply(bad);
      expect(await client.answer(await client.execute('good'))).toMatchObject({ status: 'ok' });
    }
  });

  test('is off when the client says so', async () => {
    const { client } = await serve(failing);
    const bad = await client.execute('bad', { stop_on_error: false });
    const good = await client.execute('good');
    expect(await client.answer(bad)).toMatchObject({ status: 'error' });
    expect(await client.answer(good)).toMatchObject({ status: 'ok' });
  });

  test('does not count aborted cells', async () => {
    const hold = gate();
    const { client } = await serve(
      scripted(async ({ code }) => {
        if (code === 'bad') await hold.passed;
        return code === 'bad' ? FAILED : OK;
      }),
    );
    const ids = await Promise.all([client.execute('bad'), client.execute('b')]);
    await client.ask('kernel_info_request'); // on the same channel: both have arrived when it is answered
    hold.open();
    for (const id of ids) await client.answer(id);
    expect(await client.ask('execute_request', { code: 'good' })).toMatchObject({ execution_count: 2 });
  });
});
