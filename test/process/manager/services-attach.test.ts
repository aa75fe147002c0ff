/** `attach`: connections to kernels that somebody else runs, kernels with odd manners among them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KernelMessage } from '@jupyterlab/services';
import { setTimeout as delay } from 'node:timers/promises';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { attach } from '#src/manager/services/attach.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import type { ManagedKernel } from '#src/manager/lifecycle/managed-kernel.js';
import { openFakeKernel, openSlowWay } from '../../support/kernel/fake-kernel.js';
import { bytesOf, run, status } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';

let workplace: Workplace;
let kernel: ManagedKernel;
const quiet = quietServices(console);

beforeAll(async () => {
  workplace = await createWorkplace();
  kernel = await workplace.start('python3', { transportEncryption: 'required' });
});

afterAll(async () => {
  await workplace?.dispose();
  quiet[Symbol.dispose]();
});

describe('attaches to a running kernel', () => {
  test('by the shared pair in its file, and leaves it running', async () => {
    const attached = await attach(kernel.connectionFile);
    expect(attached.connection.id).toBe(kernel.id);
    expect(attached.connection.connectionStatus).toBe('connected');
    expect(attached.security()?.iopub).toMatchObject({ mechanism: 'curve', fingerprint: kernel.security.fingerprint });
    expect((await run(attached.connection, '6 * 7')).result).toBe('42');
    await attached.close();
    expect(attached.connection.isDisposed).toBe(true);
    expect(attached.security()).toBeUndefined();
    await using again = await attach(kernel.connectionFile);
    expect((await run(again.connection, '_')).result).toBe('42');
  });

  test('in plain text, where the file has no keys', async () => {
    await using plain = await openFakeKernel({ folder: workplace.folder });
    await using attached = await attach(plain.file);
    expect((await attached.connection.info).implementation).toBe('fake');
    expect(attached.security()?.shell).toEqual({ endpoint: expect.any(String), mechanism: 'null' });
  });

  test('by a grant to our own key, from a file without any secret', async () => {
    const [server, client] = await Promise.all([generateCurvePair(), generateCurvePair()]);
    await using granted = await openFakeKernel({ folder: workplace.folder, server, client: client.publicKey });
    await using attached = await attach(granted.file, { client });
    expect((await attached.connection.info).implementation).toBe('fake');
    expect(attached.security()?.shell.mechanism).toBe('curve');
    await expect(attach(granted.file)).rejects.toMatchObject({ code: 'key-mismatch' });
  });

  test('and interrupts it by message', async () => {
    await using attached = await attach(kernel.connectionFile);
    const future = attached.connection.requestExecute({ code: 'print(1)\nwhile True: pass' });
    await new Promise<void>((resolve) => {
      future.onIOPub = ({ header }) => {
        if (header.msg_type === 'stream') resolve();
      };
    });
    await attached.connection.interrupt();
    expect((await future.done).content).toMatchObject({ ename: 'KeyboardInterrupt' });
  });

  test('which it can shut down, but not restart', async () => {
    const own = await workplace.start('python3', { autoRestart: false });
    await using attached = await attach(own.connectionFile);
    await expect(attached.connection.restart()).rejects.toMatchObject({ code: 'kernel-not-managed' });
    const dead = new Promise((resolve) => own.on('dead', resolve));
    await attached.connection.shutdown();
    await dead;
    expect(attached.connection.isDisposed).toBe(true);
  });

  test('while a cell runs there, and follows its output from then on', async () => {
    await using first = await attach(kernel.connectionFile);
    const begun = new Promise<void>((resolve) => {
      first.connection.iopubMessage.connect((_, { header }) => {
        if (header.msg_type === 'stream') resolve();
      });
    });
    const busy = run(first.connection, 'import time\nfor i in range(20): print(i, flush=True); time.sleep(0.05)');
    await begun;
    await using second = await attach(kernel.connectionFile);
    const texts: string[] = [];
    second.connection.iopubMessage.connect((_, { header, content }) => {
      if (header.msg_type === 'stream' && 'text' in content) texts.push(String(content.text));
    });
    expect((await second.connection.info).implementation).toBe('ipython');
    await busy;
    expect((await run(second.connection, 'input()', () => 'second')).result).toBe("'second'");
    expect(texts.join('')).toMatch(/19\n$/);
  });
});

describe('loses nothing while it connects', () => {
  test('input requests of the first cell, however late stdin connects', async () => {
    await using slow = await openSlowWay(workplace.folder, kernel.connection, { stdin: 200 });
    await using attached = await attach(slow.file);
    expect((await run(attached.connection, 'input("?")', () => 'yes')).result).toBe("'yes'");
  });

  test('output of the first cell, however late iopub connects, for the first client and for the second', async () => {
    await using slow = await openSlowWay(workplace.folder, kernel.connection, { iopub: 200 });
    await using first = await attach(slow.file);
    await using second = await attach(slow.file);
    for (const { connection } of [first, second]) expect((await run(connection, 'print("here")')).text).toBe('here\n');
  });
});

describe('says within seconds why it cannot attach, and tries no more', () => {
  test('to a kernel that does not have the secret of the key in the file', async () => {
    const { publicKey, secretKey } = await generateCurvePair();
    await using way = await openSlowWay(
      workplace.folder,
      { ...kernel.connection, curve: { publicKey, secretKey } },
      { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    );
    await expect(attach(way.file)).rejects.toMatchObject({ code: 'peer-wrong-key' });
    const tries = way.connections();
    await delay(700);
    expect(way.connections()).toBe(tries);
  });

  test('to an encrypted kernel without keys', async () => {
    const { curve: _, ...plain } = kernel.connection;
    const file = `${workplace.folder}/plain.json`;
    await writeConnectionFile(file, plain);
    await expect(attach(file)).rejects.toMatchObject({ code: 'peer-encrypted' });
  });

  test('to a kernel that connects and never answers', async () => {
    await using silent = await openFakeKernel({ folder: workplace.folder, answer: () => true });
    await expect(attach(silent.file, { timeout: 500 })).rejects.toMatchObject({ code: 'peer-silent' });
  });

  test('to a kernel that answers with an error', async () => {
    await using refusing = await openFakeKernel({
      folder: workplace.folder,
      answer: (_, reply) => (reply({ status: 'error', ename: 'No', evalue: '', traceback: [] }), true),
    });
    await expect(attach(refusing.file)).rejects.toMatchObject({ code: 'peer-refused' });
  });

  test('to nobody', async () => {
    const gone = await openFakeKernel({ folder: workplace.folder });
    await gone[Symbol.asyncDispose]();
    await expect(attach(gone.file, { timeout: 500 })).rejects.toMatchObject({ code: 'peer-silent' });
    await expect(attach(`${workplace.folder}/none.json`)).rejects.toMatchObject({ code: 'connection-file-missing' });
  });

  test('when it is told to stop', async () => {
    await using silent = await openFakeKernel({ folder: workplace.folder, answer: () => true });
    const reason = new Error('enough');
    const attaching = attach(silent.file, { signal: AbortSignal.timeout(100), timeout: 60_000 });
    await expect(attaching).rejects.toThrow();
    await expect(attach(silent.file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('afterwards', () => {
  test('messages that lack what goes without saying are completed, and worse ones cost only themselves', async () => {
    const errors: unknown[] = [];
    await using odd = await openFakeKernel({
      folder: workplace.folder,
      answer: ({ header }, reply, fake) => {
        if (header.msg_type !== 'execute_request') return false;
        fake.publish('stream', { text: 'no name' }, header);
        fake.publish('display_data', { data: { 'text/plain': 'no metadata' } }, header);
        fake.publish('clear_output', {}, header);
        fake.publish('error', { ename: 'E' }, header);
        fake.publish('status', { execution_state: 'dreaming' }, header);
        fake.publish('stream', { name: 5, text: [] }, header);
        fake.publish('unheard_of', { x: [null] }, header);
        fake.publishRaw({
          ...odd.received[0]!.message,
          header: { ...header, msg_type: 'stream', date: '', username: '' },
        });
        fake.publishRaw({ ...odd.received[0]!.message, header: { ...header, msg_id: '' } });
        fake.publish('stream', { name: 'stdout', text: 'the end' }, header);
        reply({ status: 'ok', execution_count: 1, user_expressions: {} });
        return true;
      },
    });
    await using attached = await attach(odd.file, { onError: (error) => errors.push(error) });
    const { messages } = await run(attached.connection, 'x');
    expect(messages.map(({ header, content }) => [header.msg_type, content])).toEqual(
      expect.arrayContaining([
        ['stream', { name: 'stdout', text: 'no name' }],
        ['display_data', { data: { 'text/plain': 'no metadata' }, metadata: {} }],
        ['clear_output', { wait: false }],
        ['error', { ename: 'E', evalue: '', traceback: [] }],
        ['unheard_of', { x: [null] }],
        ['stream', { name: '5', text: '' }],
        ['stream', { name: 'stdout', text: 'the end' }],
      ]),
    );
    expect(errors.map(String).toSorted()).toEqual([
      expect.stringMatching(/^CurveKernelError: .*msg_id/),
      expect.stringContaining('Kernel message validation error'),
    ]);
  });

  test('buffers arrive as views of memory of their own', async () => {
    await using fake = await openFakeKernel({
      folder: workplace.folder,
      answer: ({ header }, reply, self) => {
        if (header.msg_type !== 'execute_request') return false;
        self.publish('comm_msg', { comm_id: 'x', data: {} }, header, [Buffer.from('abc'), new Uint8Array(100_000)]);
        reply({ status: 'ok', execution_count: 1, user_expressions: {} });
        return true;
      },
    });
    await using attached = await attach(fake.file);
    const buffers = (await run(attached.connection, 'x')).messages.flatMap((message) => message.buffers ?? []);
    expect(buffers.map((buffer) => bytesOf(buffer).memory)).toEqual([3, 100_000]);
  });

  test('a kernel that is lost is dead, its requests are cancelled, and why is told', async () => {
    const errors: unknown[] = [];
    const fake = await openFakeKernel({ folder: workplace.folder });
    await using attached = await attach(fake.file, { timeout: 500, onError: (error) => errors.push(error) });
    const pending = attached.connection.requestExecute({ code: 'never answered' }).done;
    await Promise.all([expect(pending).rejects.toThrow('Canceled future'), fake[Symbol.asyncDispose]()]);
    await status(attached.connection, 'dead');
    expect(errors).toMatchObject([{ code: 'peer-lost' }, { code: 'peer-silent' }]);
  });

  test('output that came before the kernel was lost is handled to its end', async () => {
    const fake = await openFakeKernel({
      folder: workplace.folder,
      answer: ({ header }, _, self) => {
        if (header.msg_type !== 'execute_request') return false;
        for (let i = 0; i < 20; i++) self.publish('stream', { name: 'stdout', text: `${i}` }, header);
        return true;
      },
    });
    await using attached = await attach(fake.file, { timeout: 300 });
    const future = attached.connection.requestExecute({ code: 'x' });
    const texts: string[] = [];
    let arrived = 0;
    const lost = new Promise<void>((resolve) => {
      attached.connection.anyMessage.connect((_, { msg }) => {
        if (msg.header.msg_type === 'stream' && ++arrived === 20) resolve(fake[Symbol.asyncDispose]());
      });
    });
    future.onIOPub = () => delay(25);
    attached.connection.iopubMessage.connect((_, { content }) => {
      if ('text' in content) texts.push(String(content.text));
    });
    await Promise.all([expect(future.done).rejects.toThrow('Canceled future'), lost]);
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    await status(attached.connection, 'dead');
  });

  test('a kernel that is restarted at the same address is found again', async () => {
    const own = await workplace.start('python3');
    await using attached = await attach(own.connectionFile);
    await run(attached.connection, 'x = 1');
    const back = status(attached.connection, 'autorestarting');
    await own.restart();
    await back;
    expect((await run(attached.connection, 'x')).reply).toMatchObject({ ename: 'NameError' });
    await own.shutdown();
  });

  test('closing while it reconnects leaves nothing behind', async () => {
    const fake = await openFakeKernel({ folder: workplace.folder });
    const attached = await attach(fake.file, { timeout: 30_000 });
    const lost = status(attached.connection, 'autorestarting');
    await fake[Symbol.asyncDispose]();
    await lost;
    await attached.close();
    expect(attached.connection.isDisposed).toBe(true);
  });

  test('an exception in a listener does not stop the messages', async () => {
    const attached = await attach(kernel.connectionFile);
    const types: KernelMessage.MessageType[] = [];
    attached.connection.anyMessage.connect((_, { msg }) => void types.push(msg.header.msg_type));
    const { error } = console;
    console.error = () => undefined; // signals print what their listeners throw
    attached.connection.anyMessage.connect(() => {
      throw new Error('mine');
    });
    try {
      expect((await run(attached.connection, '1')).result).toBe('1');
    } finally {
      await attached.close();
      console.error = error;
    }
    expect(types).toContain('execute_reply');
  });
});
