import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Transport } from '#src/connection/connection-info.js';
import type { TransportEncryption } from '#src/launch/encryption-policy.js';
import { processLauncher, type Launcher } from '#src/launch/process-launcher.js';
import { eventually } from '../../support/eventually.js';
import { pythonPath } from '../../support/python.js';
import { expectSameConnection } from '../../support/kernel/same-connection.js';
import { beginExecution, execute } from '../../support/kernel/execute.js';
import { createWorkplace, fixtureKernel, isAlive, nextEvent, type Workplace } from '../../support/kernel/workplace.js';

let place: Workplace;
beforeEach(async () => {
  place = await createWorkplace();
});
afterEach(() => place.dispose());

const combinations: [Transport, TransportEncryption][] = [
  ['tcp', 'required'],
  ['tcp', 'auto'],
  ['tcp', 'disabled'],
  ['ipc', 'required'],
  ['ipc', 'auto'],
  ['ipc', 'disabled'],
];

interface Language {
  readonly kernelName: string;
  readonly implementation: RegExp;
  readonly define: string;
  readonly spin: string;
  readonly interrupted: RegExp;
  readonly read: string;
  readonly isGone: string;
}

const languages: Language[] = [
  {
    kernelName: 'python3',
    implementation: /^ipython$/,
    define: 'x = 1; print("kept", x)',
    spin: 'print("on", flush=True)\nwhile True: pass',
    interrupted: /^KeyboardInterrupt$/,
    read: 'print(x)',
    isGone: 'print("x" not in globals())',
  },
  {
    kernelName: 'typescript',
    implementation: /^jupyter-curve/,
    define: 'const x: number = 1; console.log("kept", x)',
    spin: 'console.log("on"); while (true) {}',
    interrupted: /Interrupt/,
    read: 'console.log(x)',
    isGone: 'console.log(typeof x === "undefined")',
  },
];

describe.each(languages)('$kernelName', (language) => {
  test.each(combinations)(
    'over %s, encryption %s: start, execute, interrupt, restart, shut down, nothing left',
    async (transport, transportEncryption) => {
      await place.describeTypeScript();
      const kernel = await place.start(language.kernelName, { transport, transportEncryption });
      const encrypted = transportEncryption !== 'disabled';
      const { pid } = kernel;
      expect(kernel.state).toBe('ready');
      expect(kernel.info['implementation']).toEqual(expect.stringMatching(language.implementation));
      expect(kernel.security).toMatchObject({ encrypted, proven: transportEncryption === 'required' });
      const mechanisms = Object.values(kernel.security.sockets).map(({ mechanism }) => mechanism);
      expect(mechanisms).toEqual(Array.from({ length: 5 }, () => (encrypted ? 'curve' : 'null')));
      expect((await stat(kernel.connectionFile)).mode & 0o777).toBe(0o600);
      expect((await stat(place.runtime)).mode & 0o077).toBe(0);

      expect(await execute(kernel.connection, language.define)).toBe('kept 1\n');
      const busy = await beginExecution(kernel.connection, language.spin);
      await busy.begun;
      await kernel.interrupt();
      expect(await busy.done).toMatch(language.interrupted);
      await busy.close();
      expect(await execute(kernel.connection, language.read)).toBe('1\n');

      const before = kernel.connection;
      await kernel.restart();
      expect(await isAlive(pid)).toBe(false);
      expectSameConnection(kernel.connection, before);
      expect(kernel.security.encrypted).toBe(encrypted);
      expect(await execute(kernel.connection, language.isGone)).toMatch(/^true\n$/i);

      await kernel.shutdown();
      expect(kernel.state).toBe('closed');
      expect(await isAlive(kernel.pid)).toBe(false);
      expect(await place.files()).toEqual([]);
    },
  );
});

test('no key is in the arguments or the environment of the process', async () => {
  const kernel = await place.start('python3', { transportEncryption: 'required' });
  const file: Record<string, string> = JSON.parse(await readFile(kernel.connectionFile, 'utf8'));
  const [line, environment] = await Promise.all(
    ['cmdline', 'environ'].map((name) => readFile(`/proc/${kernel.pid}/${name}`, 'utf8')),
  );
  for (const name of ['key', 'curve_publickey', 'curve_secretkey']) {
    expect(file[name]).toEqual(expect.stringMatching(/^.{40,}$/));
    expect(line).not.toContain(file[name]);
    expect(environment).not.toContain(file[name]);
  }
  await kernel.shutdown();
});

describe('restart', () => {
  test('with rotateKeys the old keys open nothing any more', async () => {
    const kernel = await place.start('python3', { transportEncryption: 'required' });
    const { connection: before, security } = kernel;
    await kernel.restart({ rotateKeys: true });
    expect(kernel.connection.curve?.publicKey).not.toBe(before.curve?.publicKey);
    expect(kernel.connection.key.equals(before.key)).toBe(false);
    expect(kernel.security.fingerprint).not.toBe(security.fingerprint);
    const stale = { ...before, ports: kernel.connection.ports };
    await expect(execute(stale, '1')).rejects.toMatchObject({ code: 'peer-wrong-key' });
    expect(await execute(kernel.connection, 'print("new")')).toBe('new\n');
    await kernel.shutdown();
  });

  test('with the policy disabled the keys are gone, from the file too', async () => {
    const kernel = await place.start('python3', { transportEncryption: 'auto' });
    await kernel.restart({ transportEncryption: 'disabled' });
    expect(kernel.connection.curve).toBeUndefined();
    expect(kernel.security).toMatchObject({ policy: 'disabled', encrypted: false });
    expect(await readFile(kernel.connectionFile, 'utf8')).not.toContain('curve');
    await kernel.restart();
    expect(kernel.connection.curve).toBeUndefined();
    await kernel.shutdown();
  });

  test('tells its listeners, and one at a time', async () => {
    const kernel = await place.start('python3');
    const told: string[] = [];
    kernel.on('restarting', ({ automatic, attempt }) =>
      told.push(`restarting ${automatic} ${attempt} ${kernel.state}`),
    );
    kernel.on('restarted', ({ automatic }) => told.push(`restarted ${automatic} ${kernel.state}`));
    const off = kernel.on('restarted', () => told.push('not any more'));
    off();
    kernel.on('closed', () => told.push(`closed ${kernel.state}`));
    await Promise.all([kernel.restart(), kernel.restart(), kernel.shutdown()]);
    const round = ['restarting false 1 restarting', 'restarted false ready'];
    expect(told).toEqual([...round, ...round, 'closed closed']);
    await expect(kernel.restart()).rejects.toMatchObject({ code: 'kernel-unknown' });
    await expect(kernel.interrupt()).rejects.toMatchObject({ code: 'kernel-unknown' });
    await kernel.shutdown();
  });
});

describe('a kernel that dies by itself', () => {
  test('and is restarted by hand at that moment is started once, and lives', async () => {
    await place.describeOdd('mortal', []);
    const kernel = await place.start('mortal', { autoRestart: { delay: 60_000 }, shutdownTimeout: 1000 });
    const { pid } = kernel;
    process.kill(Number(pid), 'SIGKILL');
    await kernel.restart();
    expect(kernel.pid).not.toBe(pid);
    // What the old one was still being asked must not reach the new one.
    const survivor = kernel.pid;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect([kernel.state, kernel.pid, await isAlive(survivor)]).toEqual(['ready', survivor, true]);
    await kernel.shutdown();
  });

  test('is started again with the same keys and ports', async () => {
    const kernel = await place.start('python3', { transportEncryption: 'required', autoRestart: { delay: 10 } });
    const { pid, connection } = kernel;
    const restarting = nextEvent(kernel, 'restarting');
    const restarted = nextEvent(kernel, 'restarted');
    process.kill(Number(pid), 'SIGKILL');
    expect(await restarting).toMatchObject({ automatic: true, attempt: 1, ended: { signal: 'SIGKILL' } });
    expect(kernel.state).toBe('restarting');
    await expect(kernel.interrupt()).rejects.toMatchObject({ code: 'kernel-died' });
    await restarted;
    expect(kernel.pid).not.toBe(pid);
    expectSameConnection(kernel.connection, connection);
    expect(await execute(kernel.connection, 'print("back")')).toBe('back\n');
    await kernel.shutdown();
  });

  test('is started again though a restart that cannot be was asked for meanwhile', async () => {
    await place.describeOdd('plain', [], { metadata: {} });
    const kernel = await place.start('plain', { autoRestart: { delay: 10 } });
    const { pid } = kernel;
    const restarted = nextEvent(kernel, 'restarted');
    let refused: Promise<unknown> = Promise.resolve();
    kernel.on('restarting', () => {
      refused = kernel.restart({ transportEncryption: 'native' }).catch((error: unknown) => error);
    });
    process.kill(Number(pid), 'SIGKILL');
    await restarted;
    expect(await refused).toMatchObject({ code: 'encryption-unsupported' });
    expect([kernel.state, kernel.pid === pid]).toEqual(['ready', false]);
    await kernel.shutdown();
  });

  test('is given up after so many deaths in a row, and can be restarted by hand', async () => {
    await place.describeOdd('fragile', [`once:${place.folder}/lived`]);
    const kernel = await place.start('fragile', { autoRestart: { limit: 2, delay: 10 } });
    const attempts: number[] = [];
    kernel.on('restarting', ({ attempt }) => attempts.push(attempt));
    const dead = nextEvent(kernel, 'dead');
    process.kill(Number(kernel.pid), 'SIGKILL');
    expect(await dead).toMatchObject({
      error: { code: 'kernel-start-failed', data: { code: 1, stderrTail: 'not again\n' } },
    });
    expect(attempts).toEqual([1, 2]);
    expect(kernel.state).toBe('dead');
    expect(await place.files()).toEqual([]);
    await expect(kernel.interrupt()).rejects.toMatchObject({ code: 'kernel-died' });
    await expect(kernel.restart()).rejects.toMatchObject({ code: 'kernel-start-failed' });
    await place.describeOdd('fragile', []);
    expect(kernel.state).toBe('dead');
    await kernel.shutdown();
  });

  test('stays dead without autoRestart, and its folder is clean', async () => {
    await place.describeOdd('mortal', []);
    const kernel = await place.start('mortal', { autoRestart: false, transport: 'ipc' });
    expect(await place.files()).toHaveLength(7);
    const dead = nextEvent(kernel, 'dead');
    process.kill(Number(kernel.pid), 'SIGTERM');
    expect(await dead).toMatchObject({
      error: { code: 'kernel-died', message: expect.stringContaining('by SIGTERM') },
    });
    expect(await place.files()).toEqual([]);
    await kernel.restart();
    expect(kernel.state).toBe('ready');
    await kernel.shutdown();
  });

  test('does not come back once it is shut down, though a restart was due', async () => {
    await place.describeOdd('late', []);
    const kernel = await place.start('late', { autoRestart: { delay: 60_000 } });
    const restarting = nextEvent(kernel, 'restarting');
    process.kill(Number(kernel.pid), 'SIGKILL');
    await restarting;
    await kernel.shutdown();
    expect(kernel.state).toBe('closed');
    expect(await place.files()).toEqual([]);
  });
});

describe('shutdown', () => {
  test.each([
    ['shutdown_request', ['deaf'], 'SIGTERM'],
    ['shutdown_request and SIGTERM', ['deaf', 'stubborn'], 'SIGKILL'],
  ])('ends a kernel that ignores %s', async (_, manners, signal) => {
    await place.describeOdd('rude', manners);
    const ends: unknown[] = [];
    const launcher: Launcher = {
      launch: async (command) => {
        const process = await processLauncher.launch(command);
        void process.exited.then((end) => ends.push(end.signal));
        return process;
      },
    };
    const kernel = await place.start('rude', { launcher });
    await kernel.shutdown();
    expect(await isAlive(kernel.pid)).toBe(false);
    expect(ends).toEqual([signal]);
    expect(await place.files()).toEqual([]);
  });

  test('now does not wait for a polite one that goes on, nor for a restart', async () => {
    await place.describeOdd('rude', ['deaf', 'stubborn']);
    const kernel = await place.start('rude', { shutdownTimeout: 3_600_000 });
    const polite = kernel.shutdown();
    await kernel.shutdown({ now: true });
    await polite;
    expect([kernel.state, await isAlive(kernel.pid)]).toEqual(['closed', false]);
    expect(await place.files()).toEqual([]);

    const other = await place.start('rude', { shutdownTimeout: 3_600_000 });
    const restart = expect(other.restart()).rejects.toMatchObject({ code: 'kernel-unknown' });
    await other.shutdown({ now: true });
    await restart;
    expect([other.state, await isAlive(other.pid)]).toEqual(['closed', false]);
    expect(await place.files()).toEqual([]);
  });

  test('gives up a kernel that is just starting again', async () => {
    const marker = `${place.folder}/lived`;
    await place.describe('slow', [
      '/bin/sh',
      '-c',
      `[ -e ${marker} ] && exec sleep 600; touch ${marker}; exec "$@"`,
      'slow',
      pythonPath(),
      fixtureKernel('odd-kernel.py'),
      '{connection_file}',
    ]);
    const launched: unknown[] = [];
    const launcher: Launcher = {
      launch: async (command) => {
        const process = await processLauncher.launch(command);
        launched.push(process);
        return process;
      },
    };
    const kernel = await place.start('slow', { launcher, startTimeout: 3_600_000 });
    const restart = expect(kernel.restart()).rejects.toMatchObject({ code: 'kernel-unknown' });
    await eventually(() => launched.length === 2);
    await kernel.shutdown({ now: true });
    await restart;
    expect(await place.files()).toEqual([]);
  });

  test('that fails can be tried again, also after a restart', async () => {
    let immortal = true;
    const launcher: Launcher = {
      launch: async (command) => {
        const process = await processLauncher.launch(command);
        return { ...process, signal: (name) => (immortal ? undefined : process.signal(name)) };
      },
    };
    await place.describeOdd('rude', ['deaf', 'stubborn']);
    const kernel = await place.start('rude', { launcher, shutdownTimeout: 50 });
    await expect(kernel.restart()).rejects.toMatchObject({ code: 'shutdown-failed' });
    expect(kernel.state).toBe('dead');
    await expect(kernel.shutdown()).rejects.toMatchObject({ code: 'shutdown-failed' });
    await expect(kernel.shutdown()).rejects.toMatchObject({ code: 'shutdown-failed' });
    expect(await isAlive(kernel.pid)).toBe(true);
    immortal = false;
    await kernel.shutdown();
    expect(await isAlive(kernel.pid)).toBe(false);
    expect(await place.files()).toEqual([]);
  });

  test.each(['asks', 'kills'])('ends the children of the kernel too, when it %s', async (how) => {
    await place.describeOdd('parent', ['brood']);
    let printed = '';
    const kernel = await place.start('parent', { onOutput: (_, text) => void (printed += text) });
    const child = Number(printed);
    expect(await isAlive(child)).toBe(true);
    await kernel.shutdown({ now: how === 'kills' });
    expect(await isAlive(kernel.pid)).toBe(false);
    try {
      await eventually(async () => !(await isAlive(child)));
    } catch (error) {
      process.kill(child, 'SIGKILL');
      throw error;
    }
  });

  test('happens by itself at the end of a block', async () => {
    const kernel = await place.start('python3');
    await kernel[Symbol.asyncDispose]();
    expect(await isAlive(kernel.pid)).toBe(false);
  });
});
