/** Clients that send as much as the kernel takes: others are served meanwhile. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startLiveKernel, type LiveKernel } from '../support/kernel/live-kernel.js';
import { runPython } from '../support/run-python.js';

let live: LiveKernel | undefined;
afterEach(async () => {
  await live?.[Symbol.asyncDispose]();
  live = undefined;
});

const lists = (many: number): string => `{"code":"","x":[${'[],'.repeat(many - 1)}[]]}`;
/** Of the kernel's process, in MiB. What it ever had. */
const peakMemory = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

interface Flood {
  readonly role: string;
  readonly channel?: 'shell' | 'control';
  readonly type: string;
  readonly content: string;
  readonly connections?: number;
  readonly reads?: boolean;
}

const FLOODS: Readonly<Record<string, Flood>> = {
  'an observer, with lists of lists in what it may not send': {
    role: 'observer',
    type: 'execute_request',
    content: lists(124_000),
  },
  'an observer, with lists of lists in what it may send': {
    role: 'observer',
    channel: 'control',
    type: 'kernel_info_request',
    content: lists(124_000),
  },
  'an observer on twenty connections': {
    role: 'observer',
    type: 'kernel_info_request',
    content: '{}',
    connections: 20,
  },
  'an observer that reads no answer': {
    role: 'observer',
    type: 'execute_request',
    content: '{"code":"1"}',
    connections: 8,
    reads: false,
  },
  'an executor, with lists of lists': { role: 'executor', type: 'is_complete_request', content: lists(124_000) },
  'an executor, with 8 MB of code': {
    role: 'executor',
    type: 'is_complete_request',
    content: `{"code":"${'x'.repeat(8_000_000)}"}`,
  },
};

describe('the owner gets every answer while a client sends as much as it can:', () => {
  test.each(Object.keys(FLOODS))('%s', async (name) => {
    const { role, type, channel = 'shell', ...flood } = FLOODS[name]!;
    live = await startLiveKernel();
    const { environment, kernel } = live;
    const owner = await live.connect();
    await owner.ask('execute_request', { code: '1' });
    const file = await live.file('flooder', await live.grant('flooder', [role]));
    const told = { file, channel, msg_type: type, ...flood };
    const flooder = runPython('flood.py', environment, told);
    expect(await flooder.nextLine()).toBe('connected');
    for (let n = 0; n < 30; n++) {
      // Each may take ten seconds.
      expect(await owner.ask('execute_request', { code: '1 + 1' })).toMatchObject({ status: 'ok' });
      expect(await owner.ask('kernel_info_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
      owner.heard.length = 0;
    }
    await flooder.end();
    expect(Number(await flooder.nextLine())).toBeGreaterThan(10);
    // What an observer can make it hold is far below that of an executor, who may send much.
    if (process.platform === 'linux')
      expect(peakMemory(kernel.pid ?? 0)).toBeLessThan(role === 'observer' ? 400 : 2_000);
  });
});

test('what an observer asks is no news for others, also while code runs', async () => {
  live = await startLiveKernel();
  const owner = await live.connect();
  const observer = await live.connect(await live.grant('bob', ['observer']));
  // A grant is asked for by the owner, who asks for kernel_info before that.
  owner.heard.length = 0;
  const id = await owner.execute('await new Promise((resolve) => setTimeout(resolve, 500))');
  await observer.find(({ message }) => message.header.msg_type === 'execute_input', 'the cell');
  for (let n = 0; n < 20; n++) await observer.ask('kernel_info_request');
  await owner.idle(id);
  expect(owner.said(id)).toEqual(['busy', 'execute_input', 'idle']);
  const parents = owner.heard.map(({ message }) => message.parent_header.msg_type);
  expect(parents).not.toContain('kernel_info_request');
  // Front ends show the state that they heard last.
  await observer.idle(id);
});
