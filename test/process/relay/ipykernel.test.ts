/** An ipykernel behind the relay does what it does by itself. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { plainText, textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startLiveKernel, type LiveKernel } from '../../support/kernel/live-kernel.js';

let live: LiveKernel;
let owner: KernelClient;
beforeAll(async () => {
  live = await startLiveKernel({ wrap: 'python3' });
  owner = await live.connect();
});
afterAll(async () => live[Symbol.asyncDispose]());

/** What a cell printed or resulted in. */
async function outputOf(code: string, client = owner): Promise<string> {
  const id = await client.execute(code);
  await client.answer(id);
  return client
    .published(id)
    .map((message) => (message.header.msg_type === 'stream' ? textOf(message.content['text']) : plainText(message)))
    .join('');
}

describe('a wrapped ipykernel', () => {
  test('runs code, with busy, output and idle of the request alone', async () => {
    const id = await owner.execute('1 + 1');
    expect(await owner.answer(id)).toMatchObject({ status: 'ok' });
    expect(owner.said(id)).toEqual(['busy', 'execute_input', 'execute_result', 'idle']);
  });

  test('tells who it is', async () => {
    expect(await owner.ask('kernel_info_request')).toMatchObject({ status: 'ok', implementation: 'ipython' });
  });

  test('has the environment that the front end gave, and not what is for the relay', async () => {
    const names = '("MALLOC", "JUPYTER_CURVE_SECRET", "JUPYTER_CURVE_EXTRA")';
    expect(await outputOf(`import os; [n for n in os.environ if n.startswith(${names})]`)).toBe('[]');
  });

  test('asks the client that runs the cell for input', async () => {
    const id = await owner.execute('input("name? ")', { allow_stdin: true });
    const asked = await owner.find(({ channel }) => channel === 'stdin', 'the question');
    expect(asked.message).toMatchObject({ content: { prompt: 'name? ' }, parent_header: { msg_id: id } });
    await owner.send('input_reply', { status: 'ok', value: 'Ada' }, { channel: 'stdin' });
    await owner.answer(id);
    expect(owner.published(id).map(plainText)).toContain("'Ada'");
  });

  test('is interrupted by a message', async () => {
    const id = await owner.execute('import time\nprint("on")\ntime.sleep(60)');
    await eventually(() => owner.said(id).includes('stream'), 'the cell runs');
    expect(await owner.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
    expect(await owner.answer(id)).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  });

  test('aborts the cells behind one that failed', async () => {
    const ids = [await owner.execute('1 / 0'), await owner.execute('2'), await owner.execute('3')];
    const statuses = [];
    for (const id of ids) statuses.push((await owner.answer(id))['status']);
    expect(statuses).toEqual(['error', 'aborted', 'aborted']);
  });

  test('has comms', async () => {
    const target =
      'def opened(comm, message):\n  comm.send({"echo": message["content"]["data"]}, buffers=[b"\\x00\\xff"])\n';
    await outputOf(`${target}get_ipython().kernel.comm_manager.register_target("echo", opened)`);
    await owner.send('comm_open', { comm_id: 'c1', target_name: 'echo', data: { x: 1 } });
    const { message } = await owner.find(({ message: one }) => one.header.msg_type === 'comm_msg', 'the echo');
    expect(message.content).toEqual({ comm_id: 'c1', data: { echo: { x: 1 } } });
    expect(message.buffers.map((buffer) => [...buffer])).toEqual([[0, 255]]);
  });

  test('has subshells', async () => {
    const { subshell_id: subshell } = await owner.ask('create_subshell_request', {}, { channel: 'control' });
    const slow = await owner.execute('import time; time.sleep(2)');
    const fast = await owner.send('execute_request', { code: '6 * 7' }, { subshellId: textOf(subshell) });
    expect(await owner.answer(fast)).toMatchObject({ status: 'ok' });
    expect(owner.said(slow)).not.toContain('idle');
    await owner.answer(slow);
  });

  test('tells user code the name that was verified', async () => {
    const bob = await live.connect(await live.grant('bob', ['executor']), { username: 'alice' });
    expect(await outputOf('get_ipython().kernel.get_parent()["header"]["username"]', bob)).toBe("'bob'");
    await bob.close();
  });

  test('restarts, and grants stay', async () => {
    const bob = await live.grant('carl', ['executor']);
    await outputOf('kept = 1');
    await live.kernel.restart();
    await live.reopen();
    owner = await live.connect();
    expect(await outputOf('"kept" in globals()')).toBe('False');
    expect(await outputOf('6 * 7', await live.connect(bob))).toBe('42');
  });
});
