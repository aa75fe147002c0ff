import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import type { Kernel } from '#src/server/kernel.js';
import { serveKernel, type ServeOptions } from '#src/kernel/serve-kernel.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { KernelClient } from '../../support/kernel/kernel-client.js';
import { connect, freshConnection, OK, scripted, serve } from '../../support/kernel/serve.js';

let folder = '';
let file = '';
const started: string[] = [];
const language = scripted(async () => OK, { start: async () => void started.push('started') });
let kernel: Kernel | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-serve-'));
  file = join(folder, 'kernel.json');
  started.length = 0;
});

afterEach(async () => {
  await kernel?.close();
  kernel = undefined;
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
});

const serveFile = async (options: ServeOptions = {}): Promise<Kernel> =>
  (kernel = await serveKernel(language, file, { env: {}, ...options }));

describe('a kernel served from a connection file', () => {
  test('fills in the ports that are 0, and clients read them there', async () => {
    await writeConnectionFile(file, await freshConnection());
    const { connection } = await serveFile();
    const written = await readConnectionFile(file);
    expect(written.ports).toEqual(connection.ports);
    expect(Object.values(written.ports)).not.toContain(0);
    const client = await KernelClient.open(written);
    expect(await client.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
    await client.close();
  });

  test('leaves a file alone that says all, and leaves it there when it ends', async () => {
    const { kernel: other } = await serve(language);
    const { connection } = other;
    await other.close();
    await writeConnectionFile(file, connection);
    const before = await stat(file);
    await chmod(file, 0o400);
    await chmod(folder, 0o500);
    await (await serveFile()).close();
    const after = await stat(file);
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test('keeps the secret out of a file that leaves it to the environment', async () => {
    const connection = await freshConnection();
    if (connection.curve?.secretKey === undefined) throw new Error('no secret');
    const secret = exposeZ85(connection.curve.secretKey);
    await writeConnectionFile(file, connection, { omitSecretKey: true });
    const env = { JUPYTER_CURVE_SECRETKEY: secret, OTHER: 'stays' };
    const served = await serveFile({ env });
    expect(env).toEqual({ OTHER: 'stays' });
    const text = await readFile(file, 'utf8');
    expect(text).toContain(String(served.connection.ports.shell));
    expect(text.includes(secret)).toBe(false);
  });
});

const refused = async (options: ServeOptions, code: string): Promise<void> => {
  await expect(serveFile(options)).rejects.toMatchObject({ code });
  expect(started).toEqual([]);
};

describe('a kernel is not served, and its language not started,', () => {
  test('without keys where encryption is required', async () => {
    const { curve: _, ...plain } = await freshConnection();
    await writeConnectionFile(file, plain);
    await refused({ requireEncryption: true }, 'encryption-required');
    await expect(serveFile()).resolves.toBeDefined(); // and is, where it is not
  });

  test('with half a pair, or a pair that does not match', async () => {
    const whole = await freshConnection();
    await writeConnectionFile(file, whole);
    const fields: object = JSON.parse(await readFile(file, 'utf8'));
    const { publicKey } = await generateCurvePair();
    for (const change of [
      { curve_secretkey: undefined },
      { curve_publickey: undefined },
      { curve_publickey: publicKey },
      { curve_secretkey: 'x' },
      { curve_secretkey: undefined, curve_client_publickey: publicKey },
    ]) {
      await writeFile(file, JSON.stringify({ ...fields, ...change }), { mode: 0o600 });
      await refused({}, 'connection-file-invalid');
    }
  });

  test('without a file', async () => refused({}, 'connection-file-missing'));

  test('when its owner has changed their mind', async () => {
    await writeConnectionFile(file, await freshConnection());
    await expect(serveFile({ signal: AbortSignal.abort(new Error('no more')) })).rejects.toThrow('no more');
    expect(started).toEqual([]);
  });
});

test('a kernel that cannot listen closes its language and says why', async () => {
  const { kernel: other } = await serve(language);
  const closed: string[] = [];
  const second = scripted(async () => OK, { close: async () => void closed.push('closed') });
  await expect(serveKernel(second, other.connection, { env: {} })).rejects.toMatchObject({
    code: expect.stringMatching(/^(address-in-use|bind-failed)$/),
  });
  expect(closed).toEqual(['closed']);
});

describe('iopub_welcome', () => {
  test('greets each subscriber with its topic, the second one too', async () => {
    const { kernel: served, client } = await serve(language);
    const second = await connect(served);
    for (const one of [client, second]) {
      const { message } = await one.find(
        ({ message: { header } }) => header.msg_type === 'iopub_welcome',
        'the welcome',
      );
      expect(message).toMatchObject({ content: { subscription: '' }, parent_header: {} });
    }
  });
});
