import { execFile } from 'node:child_process';
import { chmod, link, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { formatConnectionInfo, writeConnectionFile } from '#src/connection/write-connection-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { runNode } from '../../support/run-node.js';
import { inOpenFolder, inTemporaryFolder, namesIn } from '../../support/temporary-folder.js';
import { sampleConnection } from '../../support/sample-connection.js';

const run = promisify(execFile);
const inNamespace = requireOrSkip(
  'mount namespaces',
  await run('unshare', ['--mount', 'true']).then(
    () => true,
    () => false,
  ),
);

const fieldsOf = (text: string): Record<string, unknown> => JSON.parse(text);

const identity = async (file: string): Promise<unknown> => {
  const { ino, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return { ino, mtimeNs, ctimeNs };
};

describe('a connection file that is written', () => {
  test('is private, comes back equal, and leaves nothing else', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection({ extra: { jupyter_session: '/ü.ipynb', nested: { a: [1, null] } } });
      expect(await writeConnectionFile(file, info)).toEqual({ written: true });
      expect((await stat(file)).mode & 0o7777).toBe(0o600);
      expect(formatConnectionInfo(await readConnectionFile(file))).toBe(formatConnectionInfo(info));
      expect(await namesIn(folder)).toEqual(['kernel.json']);
    }));

  test('has the fields in the order of jupyter_client, and only ASCII', async () => {
    const text = formatConnectionInfo(await sampleConnection({ extra: { zoë: '🔑' } }));
    expect(Object.keys(fieldsOf(text))).toEqual(
      ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port', 'ip', 'key', 'transport'].concat([
        'signature_scheme',
        'kernel_name',
        'curve_publickey',
        'curve_secretkey',
        'zoë',
      ]),
    );
    expect(text).toMatch(/^[\n -~]+$/);
  });

  test('is not touched when it says the same already', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection({ extra: { a: { b: 1, c: 2 } } });
      await writeConnectionFile(file, info);
      const before = await identity(file);
      expect(await writeConnectionFile(file, info)).toEqual({ written: false });
      expect(await writeConnectionFile(file, await readConnectionFile(file))).toEqual({ written: false });
      expect(await identity(file)).toEqual(before);
    }));

  test('is not touched when only its layout, its order, or what it leaves to the defaults differs', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection({ extra: { a: { b: 1, c: 2 } } });
      const { transport, signature_scheme, ...rest } = fieldsOf(formatConnectionInfo(info));
      expect([transport, signature_scheme]).toEqual(['tcp', 'hmac-sha256']);
      const reordered = { a: { c: 2, b: 1 }, ...rest, curve_client_publickey: null };
      await writeFile(file, JSON.stringify(reordered), { mode: 0o600 });
      const before = await identity(file);
      expect(await writeConnectionFile(file, info)).toEqual({ written: false });
      expect(await writeConnectionFile(file, await readConnectionFile(file))).toEqual({ written: false });
      expect(await identity(file)).toEqual(before);
    }));

  test('is replaced when a port was chosen, a key changed, an unknown field went, or others could read it', () =>
    inOpenFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection({ extra: { a: 1 } });
      await writeConnectionFile(file, info);
      const changed = [
        { ...info, ports: { ...info.ports, shell: 0 } },
        { ...info, curve: await generateCurvePair() },
        { ...info, extra: {} },
        { ...info, extra: { a: null } },
      ];
      for (const next of changed) expect(await writeConnectionFile(file, next)).toEqual({ written: true });
      await chmod(file, 0o644);
      expect(await writeConnectionFile(file, { ...info, extra: { a: null } })).toEqual({ written: true });
      expect((await stat(file)).mode & 0o7777).toBe(0o600);
    }));

  test('replaces a damaged one', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      for (const damage of ['', '{', '[]', '\0'.repeat(100_000)]) {
        await writeFile(file, damage, { mode: 0o600 });
        expect(await writeConnectionFile(file, await sampleConnection())).toEqual({ written: true });
      }
    }));

  test('can leave the secret key to the environment, and then is worth nothing without it', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection();
      const secretKey = info.curve?.secretKey;
      if (secretKey === undefined) throw new Error('the sample has no secret key');
      await writeConnectionFile(file, info, { omitSecretKey: true });
      expect(await readFile(file, 'utf8')).not.toContain(exposeZ85(secretKey));
      await expect(readConnectionFile(file)).rejects.toMatchObject({ data: { file, field: 'curve_secretkey' } });
      const read = await readConnectionFile(file, { secretKey });
      expect(await writeConnectionFile(file, read, { omitSecretKey: true })).toEqual({ written: false });
      expect(await writeConnectionFile(file, read)).toEqual({ written: true });
      expect(await writeConnectionFile(file, read, { omitSecretKey: true })).toEqual({ written: true });
    }));

  test("never holds the kernel's secret key beside a client's public key", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'grant.json');
      const pair = await generateCurvePair();
      const { publicKey: clientPublicKey } = await generateCurvePair();
      const info = await sampleConnection({ curve: { ...pair, clientPublicKey } });
      await writeConnectionFile(file, info);
      expect(await readFile(file, 'utf8')).not.toContain(exposeZ85(pair.secretKey));
      expect((await readConnectionFile(file)).curve).toEqual({ publicKey: pair.publicKey, clientPublicKey });
    }));

  test('is never one that nobody could use', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection();
      const { secretKey } = await generateCurvePair();
      const publicKey = info.curve?.publicKey ?? '';
      const useless = [
        { ...info, curve: { publicKey } },
        { ...info, curve: { publicKey, secretKey } },
        { ...info, ip: '' },
        { ...info, ports: { ...info.ports, shell: 70_000 } },
        { ...info, ports: { ...info.ports, shell: Number.NaN } },
      ];
      for (const bad of useless) {
        const error = { code: 'connection-file-invalid' };
        await expect(writeConnectionFile(file, bad)).rejects.toMatchObject(error);
        await expect(writeConnectionFile(file, bad, { omitSecretKey: true })).rejects.toMatchObject(error);
      }
      await expect(writeConnectionFile(file, { ...info, extra: { key: 'x' } })).rejects.toThrow(TypeError);
      expect(await namesIn(folder)).toEqual([]);
    }));

  test('is refused at a symbolic link, a hard link, a FIFO and in a loose folder, which stay as they are', () =>
    inOpenFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFile(at('victim'), 'precious', { mode: 0o600 });
      await symlink('victim', at('symbolic'));
      await symlink('nothing', at('dangling'));
      await link(at('victim'), at('hard'));
      await run('mkfifo', [at('fifo')]);
      await mkdir(at('loose'));
      await chmod(at('loose'), 0o777);
      const info = await sampleConnection();
      for (const name of ['symbolic', 'dangling', 'hard', 'fifo', 'loose/kernel.json']) {
        const error = { code: 'connection-file-unsafe', data: { file: at(name) } };
        await expect(writeConnectionFile(at(name), info)).rejects.toMatchObject(error);
      }
      expect(await readFile(at('victim'), 'utf8')).toBe('precious');
      expect(await namesIn(folder)).toEqual(['dangling', 'fifo', 'hard', 'loose', 'symbolic', 'victim']);
      expect(await namesIn(at('loose'))).toEqual([]);
    }));

  inNamespace('may lie on a read-only mount, as long as nothing changes', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      await writeConnectionFile(file, await sampleConnection());
      await symlink('kernel.json', join(folder, 'mounted.json'));
      const { stdout, stderr } = await runNode(
        `import { readConnectionFile } from '#src/connection/read-connection-file.js';
        import { writeConnectionFile } from '#src/connection/write-connection-file.js';
        for (const name of ['kernel.json', 'mounted.json']) {
          const file = process.argv[1] + '/' + name;
          const info = await readConnectionFile(file);
          console.log(await writeConnectionFile(file, info));
          await writeConnectionFile(file, { ...info, extra: { a: 1 } }).catch((error) => console.log(error.code));
        }`,
        [folder],
        [
          'unshare',
          '--mount',
          'sh',
          '-c',
          `mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro '${folder}' && exec "$@"`,
          'sh',
        ],
      );
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toEqual([
        '{ written: false }',
        'connection-file-unwritable',
        '{ written: false }',
        'connection-file-unwritable',
        '',
      ]);
    }),
  );
});
