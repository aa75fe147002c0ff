/** The kernel that users start, as a process of its own under CURVE. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type KernelClient, plainText } from '../../support/kernel/kernel-client.js';
import { startTypeScriptProcess } from '../../support/kernel/typescript-process.js';

let kernel: Awaited<ReturnType<typeof startTypeScriptProcess>>;
let client: KernelClient;

beforeAll(async () => {
  kernel = await startTypeScriptProcess();
  ({ client } = kernel);
});

afterAll(() => kernel.close());

const ORDER = ['busy', 'execute_input', 'execute_result', 'idle'];

function check(ids: readonly string[]): void {
  for (const [at, id] of ids.entries()) {
    expect(client.said(id)).toEqual(ORDER);
    expect(client.published(id).map(plainText)[2]).toBe(String(at + 1));
  }
}

describe('no message of a cell is lost, out of order or after its idle', () => {
  test('in two thousand cells one by one', async () => {
    for (let round = 0; round < 20; round++) {
      client.heard.length = 0;
      const ids: string[] = [];
      for (let at = 0; at < 100; at++) {
        const id = await client.execute(`${at} + 1`);
        expect(await client.answer(id)).toMatchObject({ status: 'ok' });
        ids.push(id);
      }
      await client.ask('kernel_info_request'); // whatever came late has come before its answer
      check(ids);
    }
  }, 120_000);

  test('in bursts of two hundred', async () => {
    for (let burst = 0; burst < 3; burst++) {
      client.heard.length = 0;
      const ids = await Promise.all(Array.from({ length: 200 }, (_, at) => client.execute(`${at} + 1`)));
      for (const id of ids) expect(await client.answer(id)).toMatchObject({ status: 'ok' });
      await client.ask('kernel_info_request'); // whatever came late has come before its answer
      check(ids);
    }
  });
});

test('while a cell spins, heartbeat and control answer, and an interrupt keeps the variables', async () => {
  await client.answer(await client.execute('const kept = 42'));
  const id = await client.execute('console.log("spins"); while (true) {}');
  await client.find(({ message }) => message.content['text'] === 'spins\n', 'what it prints');
  expect(await client.dialer.heartbeat()).toBeGreaterThan(0);
  expect(await client.ask('kernel_info_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
  expect(await client.ask('interrupt_request', {}, { channel: 'control' })).toEqual({ status: 'ok' });
  expect(await client.answer(id)).toMatchObject({ status: 'error', ename: 'Interrupted' });
  const after = await client.execute('kept');
  await client.idle(after);
  expect(client.published(after).map(plainText)).toContain('42');
});
