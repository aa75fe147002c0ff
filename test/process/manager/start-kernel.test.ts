import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { isCurveKernelError } from '#src/errors.js';
import type { ManagerWarning } from '#src/launch/encryption-policy.js';
import { processLauncher, type Launcher } from '#src/launch/process-launcher.js';
import { eventually } from '../../support/eventually.js';
import { execute } from '../../support/kernel/execute.js';
import { createWorkplace, fixtureKernel, isAlive, type Workplace } from '../../support/kernel/workplace.js';

let place: Workplace;
let pids: (number | undefined)[];
let warnings: ManagerWarning[];
beforeEach(async () => {
  place = await createWorkplace();
  pids = [];
  warnings = [];
});
afterEach(() => place.dispose());

/** Starts processes as ever, and remembers them. */
const launcher: Launcher = {
  launch: async (command) => {
    const process = await processLauncher.launch(command);
    pids.push(process.pid);
    return process;
  },
};
const onWarning = (warning: ManagerWarning): void => void warnings.push(warning);

/** What a failed start must leave: no process, no file. */
async function expectNothingLeft(processes: number): Promise<void> {
  expect(pids).toHaveLength(processes);
  for (const pid of pids) expect(await isAlive(pid)).toBe(false);
  expect(await place.files()).toEqual([]);
}

async function failure(
  promise: Promise<unknown>,
): Promise<{ message: string; hint: string; data: Record<string, unknown> }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCurveKernelError(error)) throw new Error(`expected a CurveKernelError, not ${String(error)}`);
  return error;
}

describe('a kernel that does not become ready', () => {
  test('because it ends: status and last words, without the keys it quoted', async () => {
    await place.describe('brief', [process.execPath, fixtureKernel('ends-at-once.mjs'), '{connection_file}']);
    const keys: string[] = [];
    const watching: Launcher = {
      launch: async (command) => {
        const written = await readFile(join(place.runtime, 'kernel-brief.json'), 'utf8');
        const file: Record<string, string> = JSON.parse(written);
        keys.push(...['key', 'curve_publickey', 'curve_secretkey'].map((name) => String(file[name])));
        return launcher.launch(command);
      },
    };
    const error = await failure(place.start('brief', { id: 'brief', launcher: watching }));
    expect(error).toMatchObject({ code: 'kernel-start-failed', data: { code: 3, signal: null } });
    expect(error.message).toContain('The kernel "brief" ended with status 3 during its start. It printed at the end:');
    expect(error.message).toContain('this is why');
    expect(keys.map((key) => key.length)).toEqual([64, 40, 40]);
    const said = `${error.message} ${error.hint} ${JSON.stringify(error.data)}`;
    expect(said).toContain('[secret]');
    for (const key of keys) expect(said).not.toContain(key);
    await expectNothingLeft(1);
  });

  test('because its program does not exist', async () => {
    await place.describe('absent', ['/nowhere/kernel', '{connection_file}']);
    const error = await failure(place.start('absent', { launcher }));
    expect(error).toMatchObject({ code: 'kernel-start-failed', message: expect.stringContaining('/nowhere/kernel') });
    await expectNothingLeft(0);
  });

  test.each([
    ['never opens a socket', [process.execPath, fixtureKernel('says-nothing.mjs')]],
    ['connects and never answers', undefined],
  ])('because it %s: within the time that was given', async (_, argv) => {
    if (argv === undefined) await place.describeOdd('mute', ['mute']);
    else await place.describe('mute', argv);
    const error = await failure(place.start('mute', { launcher, startTimeout: 1500 }));
    expect(error).toMatchObject({ code: 'kernel-start-timeout', message: expect.stringContaining('within 1.5 s') });
    await expectNothingLeft(1);
  });

  test('but not because it may take longer than a timer can wait', async () => {
    await place.describeOdd('odd', []);
    for (const startTimeout of [2 ** 31, Infinity]) {
      const kernel = await place.start('odd', { startTimeout, shutdownTimeout: Infinity });
      await kernel.shutdown();
    }
  });

  test('because the start is called off', async () => {
    await place.describe('mute', [process.execPath, fixtureKernel('says-nothing.mjs')]);
    const cancel = new AbortController();
    const starting = place.start('mute', { launcher, signal: cancel.signal });
    starting.catch(() => undefined);
    await eventually(() => pids.length === 1);
    cancel.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow('changed my mind');
    await expectNothingLeft(1);
  });
});

describe('encryption', () => {
  test('native fails before anything is started when the kernelspec does not advertise it', async () => {
    await place.describeOdd('old', ['plaintext'], { metadata: {} });
    const error = await failure(place.start('old', { launcher, transportEncryption: 'native' }));
    expect(error).toMatchObject({ code: 'encryption-unsupported', hint: expect.stringContaining('"auto"') });
    await expectNothingLeft(0);
  });

  test.each(['auto', 'required'] as const)(
    '%s: a kernel that does not advertise it runs behind the relay, also after a restart',
    async (transportEncryption) => {
      await place.describeOdd('old', ['plaintext'], { metadata: {} });
      const kernel = await place.start('old', { onWarning, transportEncryption });
      await kernel.restart();
      expect(kernel.security).toMatchObject({ encrypted: true, proven: transportEncryption === 'required' });
      expect(kernel.spec).toMatchObject({ name: 'old', interruptMode: 'message' });
      expect(warnings).toEqual([]);
    },
  );

  test('auto falls back with one warning on tcp where the relay cannot run the kernel, also over restarts', async () => {
    await place.describeOdd('old', ['plaintext', 'tcp-only'], { metadata: {} });
    const required = await failure(place.start('old', { transportEncryption: 'required' }));
    expect(required).toMatchObject({ code: 'kernel-start-failed' });
    const kernel = await place.start('old', { onWarning });
    await kernel.restart();
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'encryption-unavailable',
        message: expect.stringMatching(/could not be started behind the relay.*plain text over tcp/),
      }),
    ]);
    expect(kernel.security).toMatchObject({ encrypted: false, proven: false });
    await place.start('old', { onWarning, transportEncryption: 'disabled' });
    expect(warnings).toHaveLength(1);
  });

  test.each(['auto', 'required'] as const)(
    '%s: a kernel that ignores its keys is ended',
    async (transportEncryption) => {
      await place.describeOdd('liar', ['plaintext']);
      const error = await failure(place.start('liar', { launcher, transportEncryption }));
      expect(error).toMatchObject({
        code: 'encryption-not-enforced',
        message: expect.stringContaining('talks plain text'),
      });
      // Started once more, since somebody else who has one of its ports for a moment looks the same.
      await expectNothingLeft(2);
    },
  );

  test('required: a kernel that encrypts for those who do, and serves the others all the same, is ended', async () => {
    await place.describeOdd('two-faced', ['two-faced']);
    const error = await failure(place.start('two-faced', { launcher, transportEncryption: 'required' }));
    expect(error).toMatchObject({
      code: 'encryption-not-enforced',
      message: expect.stringContaining('heartbeat admits it'),
    });
    expect(error.data).toMatchObject({ heartbeat: 'admitted', iopub: expect.stringMatching(/refused|mismatch/) });
    await expectNothingLeft(1);
  });

  test('a policy that does not exist, and an id that is no file name, are a TypeError', async () => {
    const options: Parameters<Workplace['start']>[1] = JSON.parse('{ "transportEncryption": "always" }');
    await expect(place.start('python3', { ...options, launcher })).rejects.toThrow(TypeError);
    await expect(place.start('python3', { id: '../up', launcher })).rejects.toThrow(TypeError);
    await expectNothingLeft(0);
  });
});

describe('the secret by environment', () => {
  test('is not in the file, and the kernel uses it, also after a restart', async () => {
    await place.describeTypeScript();
    const kernel = await place.start('typescript', { secretBy: 'environment', transportEncryption: 'required' });
    for (const restart of [false, true]) {
      if (restart) await kernel.restart();
      const file: Record<string, string> = JSON.parse(await readFile(kernel.connectionFile, 'utf8'));
      expect(file['curve_publickey']).toBe(kernel.connection.curve?.publicKey);
      expect(file).not.toHaveProperty('curve_secretkey');
      expect(kernel.connection.curve?.secretKey?.byteLength).toBe(32);
    }
    await expect(readConnectionFile(kernel.connectionFile)).rejects.toMatchObject({ code: 'connection-file-invalid' });
  });

  test('is refused to a kernel that does not promise to take it', async () => {
    const starting = place.start('python3', { secretBy: 'environment', launcher });
    await expect(starting).rejects.toMatchObject({ code: 'encryption-unsupported' });
    await expectNothingLeft(0);
  });

  test('meant for this process goes to no kernel', async () => {
    const env = { JUPYTER_CURVE_SECRETKEY: 'not for you', SEEN: 'yes' };
    const kernel = await place.start('python3', { env });
    const code = 'import os; print(os.environ.get("SEEN"), os.environ.get("JUPYTER_CURVE_SECRETKEY"))';
    expect(await execute(kernel.connection, code)).toBe('yes None\n');
  });
});

describe('the connection file', () => {
  test('goes where it is told to, into a folder that is made private', async () => {
    const connectionFile = join(place.folder, 'deep', 'here', 'k.json');
    const kernel = await place.start('python3', { connectionFile });
    expect(kernel.connectionFile).toBe(connectionFile);
    expect((await stat(join(place.folder, 'deep', 'here'))).mode & 0o777).toBe(0o700);
    expect((await readConnectionFile(connectionFile)).curve?.publicKey).toBe(kernel.connection.curve?.publicKey);
    await kernel.shutdown();
    await expect(stat(connectionFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('in a folder others can write to is refused before anything is started', async () => {
    const loose = join(place.folder, 'loose');
    await mkdir(loose);
    await chmod(loose, 0o777);
    await chmod(place.folder, 0o755);
    const starting = place.start('python3', { connectionFile: join(loose, 'k.json'), launcher });
    await expect(starting).rejects.toMatchObject({ code: 'connection-file-unsafe' });
    expect(pids).toEqual([]);
    await chmod(place.folder, 0o700);
  });

  test('with a path too long for sockets beside it: they are in a private folder, and gone afterwards', async () => {
    const connectionFile = join(place.folder, 'x'.repeat(90), 'k.json');
    const kernel = await place.start('python3', { connectionFile, transport: 'ipc', transportEncryption: 'required' });
    const folder = join(kernel.connection.ip, '..');
    expect(folder).not.toContain('xxx');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await execute(kernel.connection, 'print("near")')).toBe('near\n');
    await kernel.shutdown();
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('ports', () => {
  test('that another process takes before the kernel can are replaced without a word', async () => {
    await place.describeOdd('robbed', []);
    const thief = createServer();
    const robbing: Launcher = {
      launch: async (command) => {
        if (pids.length === 0) {
          const { ports } = await readConnectionFile(String(command.argv[2]));
          await new Promise<void>((resolve) => thief.listen(ports.stdin, '127.0.0.1', resolve));
        }
        return launcher.launch(command);
      },
    };
    try {
      const kernel = await place.start('robbed', { launcher: robbing, transportEncryption: 'required', onWarning });
      expect(pids).toHaveLength(2);
      expect(await isAlive(pids[0])).toBe(false);
      expect(kernel.state).toBe('ready');
      expect(warnings).toEqual([]);
      expect(await place.files()).toHaveLength(2);
    } finally {
      thief.close();
    }
  });

  test('that somebody takes during a restart are replaced too', async () => {
    const kernel = await place.start('python3');
    const thief = createServer();
    kernel.on('restarting', () => {
      process.kill(Number(kernel.pid), 'SIGKILL');
      const take = (): void =>
        void thief.listen(kernel.connection.ports.shell, '127.0.0.1').once('error', () => setTimeout(take, 5));
      take();
    });
    try {
      const before = kernel.connection.ports;
      await kernel.restart();
      expect(kernel.connection.ports.shell).not.toBe(before.shell);
      expect(await execute(kernel.connection, 'print("elsewhere")')).toBe('elsewhere\n');
    } finally {
      thief.close();
    }
  });

  test('at an address of another machine are an error', async () => {
    await expect(place.start('python3', { ip: '192.0.2.1', launcher })).rejects.toMatchObject({ code: 'bind-failed' });
    expect(pids).toEqual([]);
  });
});

test('eight kernels started at the same time are all ready', async () => {
  await place.describeOdd('one-of-many', []);
  const kernels = await Promise.all(
    Array.from({ length: 8 }, () => place.start('one-of-many', { transportEncryption: 'required' })),
  );
  expect(new Set(kernels.map(({ pid }) => pid)).size).toBe(8);
  expect(new Set(kernels.flatMap(({ connection }) => Object.values(connection.ports))).size).toBe(40);
});

test('a kernel is started in the folder that is asked for', async () => {
  const cwd = join(place.folder, 'work');
  await mkdir(cwd);
  await writeFile(join(cwd, 'data.txt'), 'found');
  const kernel = await place.start('python3', { cwd });
  expect(await execute(kernel.connection, 'print(open("data.txt").read())')).toBe('found\n');
});
