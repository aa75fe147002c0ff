/** Whatever dies, nothing is left; and a front end is told of the kernel behind as if it were the kernel itself. */
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { textOf, type KernelClient } from '../../support/kernel/kernel-client.js';
import { startRelay, untilGone } from '../../support/kernel/relay-process.js';

/** The text of streams that a client has heard. */
const printed = (client: KernelClient): string =>
  client.heard.map(({ message }) => textOf(message.content['text'])).join('');

describe('a kernel behind that ends', () => {
  test.each([
    ['os._exit(3)', { code: 3, signal: null }],
    ['os._exit(0)', { code: 0, signal: null }],
    ['os.kill(os.getpid(), 9)', { code: null, signal: 'SIGKILL' }],
    ['os.abort()', { code: null, signal: 'SIGABRT' }],
    ['os.kill(os.getpid(), 15)', { code: null, signal: 'SIGTERM' }],
  ])('by %s ends the relay in the same way, after its last words', async (code, end) => {
    const relay = await startRelay();
    const client = await relay.connect();
    const words = `publish('stream', b'{"name":"stdout","text":"last words"}')\nimport gc; time.sleep(.2)\n`;
    await client.execute(`${words}${code}`);
    expect(await relay.ended).toEqual(end);
    expect(printed(client)).toBe('last words');
    expect(await relay.folders()).toEqual([]);
  });

  test.each([
    ['at once', ['gone:7'], { code: 7, signal: null }],
    ['when it is asked for ipc', ['tcp-only'], { code: 1, signal: null }],
  ])('%s ends the relay in the same way', async (_when, manners, end) => {
    const relay = await startRelay({ manners });
    expect(await relay.ended).toEqual(end);
    expect(relay.stderr()).not.toContain('CurveKernelError');
    expect(await relay.folders()).toEqual([]);
  });

  test('takes the processes that it started with it', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    const start = `import subprocess\npid = subprocess.Popen(['sleep', '600']).pid`;
    await client.ask('execute_request', {
      code: `${start}\npublish('stream', json.dumps({'name': 'stdout', 'text': str(pid)}).encode())`,
    });
    await eventually(() => printed(client) !== '', 'the child runs');
    await client.execute('os._exit(1)');
    await relay.ended;
    await untilGone(Number(printed(client)));
  });
});

describe('a relay that ends', () => {
  test.each(['SIGKILL', 'SIGABRT'] as const)('by %s takes the kernel behind with it, at once', async (signal) => {
    const relay = await startRelay();
    const client = await relay.connect();
    const inner = await relay.inner();
    await client.execute('import signal\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)');
    await eventually(() => client.heard.some(({ message }) => message.content['execution_state'] === 'busy'), 'busy');
    relay.process.kill(signal);
    await untilGone(inner);
    await eventually(async () => (await relay.folders()).length === 0, 'the folder is removed');
  });

  test('by SIGKILL takes a kernel with it that was stopped', async () => {
    const relay = await startRelay();
    await relay.connect();
    const inner = await relay.inner();
    process.kill(inner, 'SIGSTOP');
    relay.process.kill('SIGKILL');
    await untilGone(inner);
  });

  test('by SIGKILL takes a kernel with it that has not begun to listen', async () => {
    const relay = await startRelay({ manners: ['unbound'] });
    const inner = await relay.inner();
    relay.process.kill('SIGKILL');
    await untilGone(inner);
    await eventually(async () => (await relay.folders()).length === 0, 'the folder is removed');
  });

  test.each([
    ['that works', [], ''],
    ['that never listens', ['unbound'], ''],
    ['that ignores SIGTERM and computes', [], 'import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True: pass'],
  ])('by SIGTERM ends a kernel %s', async (_which, manners, code) => {
    const relay = await startRelay({ manners });
    const inner = await relay.inner();
    await relay.connection();
    if (manners.length === 0) {
      const client = await relay.connect();
      await client.ask('kernel_info_request');
      if (code !== '') await client.execute(code);
    }
    relay.process.kill('SIGTERM');
    expect(await relay.ended).toEqual({ code: 0, signal: null });
    await untilGone(inner);
    expect(await relay.folders()).toEqual([]);
  });
});

describe('shutdown_request', () => {
  test('is answered by the kernel, and ends both', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    const inner = await relay.inner();
    const id = await client.send('shutdown_request', { restart: false }, { channel: 'control' });
    expect((await client.reply(id)).content).toMatchObject({ status: 'ok' });
    expect(await relay.ended).toEqual({ code: 0, signal: null });
    await untilGone(inner);
  });

  test('ends a kernel that has not begun to listen', async () => {
    const relay = await startRelay({ manners: ['unbound'] });
    const client = await relay.connect();
    const id = await client.send('shutdown_request', { restart: true }, { channel: 'control' });
    expect((await client.reply(id)).content).toMatchObject({ status: 'ok', restart: true });
    expect(await relay.ended).toEqual({ code: 0, signal: null });
  });
});

describe('signals', () => {
  test('SIGINT to the relay interrupts the cell, and nothing else', async () => {
    const relay = await startRelay();
    const client = await relay.connect();
    const id = await client.execute('time.sleep(600)');
    await eventually(() => client.said(id).includes('busy'), 'busy');
    relay.process.kill('SIGINT');
    expect(await client.answer(id)).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect(await client.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
  });

  test('SIGINT to a relay whose kernel is starting ends neither', async () => {
    const relay = await startRelay({ manners: ['late'] });
    await relay.connection();
    relay.process.kill('SIGINT');
    const client = await relay.connect();
    expect(await client.ask('execute_request', { code: '1' })).toMatchObject({ status: 'ok' });
  });
});
