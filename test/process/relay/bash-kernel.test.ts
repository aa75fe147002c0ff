/** A kernel of an older kind behind the relay: it knows no Curve, is interrupted by a signal, and echoes what it likes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startLiveKernel, type LiveKernel } from '../../support/kernel/live-kernel.js';
import { pythonPath } from '../../support/python.js';

const spec = {
  argv: [pythonPath(), '-m', 'bash_kernel', '-f', '{connection_file}'],
  display_name: 'Bash',
  language: 'bash',
  env: { PS1: '$' },
};

let live: LiveKernel;
let owner: KernelClient;
beforeAll(async () => {
  live = await startLiveKernel({ wrap: 'bash', data: { 'kernels/bash/kernel.json': JSON.stringify(spec) } });
  owner = await live.connect();
});
afterAll(async () => live[Symbol.asyncDispose]());

async function printed(code: string, client = owner): Promise<string> {
  const id = await client.execute(code);
  await client.answer(id);
  return client
    .published(id)
    .map(({ content }) => textOf(content['text']))
    .join('');
}

describe('a wrapped bash_kernel', () => {
  test('runs code, and keeps its state', async () => {
    expect(await printed('here=42; echo one')).toBe('one\n');
    expect(await printed('echo $here')).toBe('42\n');
  });

  test('is interrupted', async () => {
    const id = await owner.execute('echo on; sleep 60');
    await eventually(() => owner.said(id).includes('stream'), 'the cell runs');
    await owner.ask('interrupt_request', {}, { channel: 'control' });
    expect(await owner.answer(id)).toMatchObject({ status: 'abort' });
    expect(await printed('echo back')).toBe('back\n');
  });

  test('completes', async () => {
    const { matches } = await owner.ask('complete_request', { code: 'unse', cursor_pos: 4 });
    expect(matches).toContain('unset');
  });

  test('has roles', async () => {
    const olga = await live.connect(await live.grant('olga', ['observer']));
    expect(await olga.ask('execute_request', { code: 'here=0' })).toMatchObject({ status: 'error' });
    const bob = await live.connect(await live.grant('bob', ['executor']));
    expect(await printed('echo $here', bob)).toBe('42\n');
  });

  test('has the rest of what a revoked client runs ended', async () => {
    const eve = await live.connect(await live.grant('eve', ['executor']));
    const id = await eve.execute('echo on; sleep 60; here=evil');
    await eventually(() => eve.said(id).includes('stream'), 'the cell runs');
    await eve.execute('here=worse');
    await live.access.revoke({ name: 'eve' });
    expect(await printed('echo $here')).toBe('42\n');
  });
});
