import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ConnectionInfo, Ports } from '#src/connection/connection-info.js';
import { runNode } from '../../support/run-node.js';
import { aMessage, ANY_PORTS, inRoom, listenAnywhere, type Room } from '../../support/kernel/room.js';

describe('over tcp', () => {
  test('port 0 becomes five ports of the system, and others stay as they were asked for', () =>
    inRoom(async (room) => {
      const { connection } = await room.listen();
      expect(new Set(Object.values(connection.ports)).size).toBe(5);
      for (const port of Object.values(connection.ports)) expect(port).toBeGreaterThan(1023);
    }));

  test('a port in use is an error that names the address, and leaves no port bound', () =>
    inRoom(async (room) => {
      const port = await listenAnywhere(room, createServer());
      const free = await room.listen();
      await free.close();
      const connection = { ...room.plain, ports: { ...free.connection.ports, heartbeat: port } };
      await expect(room.listen({ connection })).rejects.toMatchObject({
        code: 'address-in-use',
        message: expect.stringContaining(`127.0.0.1:${port}`),
      });
      await room.listen({ connection: free.connection });
    }));

  test('an address of another machine is an error', () =>
    inRoom(async (room) => {
      const connection = { ...room.plain, ip: '192.0.2.1' };
      await expect(room.listen({ connection })).rejects.toMatchObject({ code: 'bind-failed' });
    }));

  test.each(['0.0.0.0', '*', '::1', '[::1]', 'lo'])('bound to %s, it checks itself and can be reached', (ip) =>
    inRoom(async (room) => {
      const listener = await room.listen({ connection: { ...room.plain, ip } });
      const reachable = ip.includes('::1') ? ip : '127.0.0.1';
      const client = await room.dial(listener, { connection: { ...listener.connection, ip: reachable } });
      await client.dialer.send('shell', aMessage('x_request'));
      await client.until(1);
    }),
  );
});

describe('over ipc', () => {
  test('sockets are private, chosen from 1 where the port is 0, and removed on close', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      const listener = await room.listen({ connection: ipc(room, join(folder, 'kernel')) });
      expect(numbers(listener.connection)).toEqual([1, 2, 3, 4, 5]);
      expect((await readdir(folder)).toSorted()).toEqual([1, 2, 3, 4, 5].map((n) => `kernel-${n}`));
      for (const file of await readdir(folder)) {
        const { mode } = await stat(join(folder, file));
        expect([file, (mode & 0o777).toString(8)]).toEqual([file, '600']);
      }
      const { dialer } = await room.dial(listener);
      expect(dialer.security().shell).toEqual({ endpoint: `ipc://${folder}/kernel-1`, mechanism: 'curve' });
      await dialer.close();
      await listener.close();
      expect(await readdir(folder)).toEqual([]);
    }));

  test('a live socket is never taken over, and serves on', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      const first = await room.listen({ connection: ipc(room, join(folder, 'kernel')) });
      await expect(room.listen({ connection: first.connection })).rejects.toMatchObject({ code: 'address-in-use' });
      const second = await room.listen({ connection: ipc(room, join(folder, 'kernel')) });
      expect(numbers(second.connection)).toEqual([6, 7, 8, 9, 10]);
      await second.close();
      const client = await room.dial(first);
      await client.dialer.send('shell', aMessage('x_request'));
      await client.until(1);
    }));

  test('what a killed process left is replaced', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      await leaveStale([join(folder, 'kernel-1')]);
      expect(await readdir(folder)).toEqual(['kernel-1']);
      const listener = await room.listen({ connection: { ...ipc(room, join(folder, 'kernel')), ports: FIVE } });
      await room.dial(listener);
    }));

  test('of kernels that start at once where a killed one left its sockets, one gets them, and can be reached', () =>
    inRoom(async (room) => {
      const folders = await Promise.all(Array.from({ length: 20 }, () => room.folder()));
      await leaveStale(folders.flatMap((folder) => [1, 2, 3, 4, 5].map((n) => join(folder, `kernel-${n}`))));
      for (const folder of folders) {
        const connection = { ...ipc(room, join(folder, 'kernel')), ports: FIVE };
        const outcomes = await Promise.allSettled([1, 2, 3].map(() => room.listen({ connection })));
        const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
        expect(won).toHaveLength(1);
        for (const listener of won) await (await room.dial(listener)).dialer.close();
        for (const listener of won) await listener.close();
        expect(await readdir(folder)).toEqual([]);
      }
    }));

  test('a path of 107 bytes can be bound, however short its last part, and a relative one in a deep folder', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      const deep = join(folder, 'x'.repeat(102 - folder.length));
      await mkdir(deep);
      const listener = await room.listen({ connection: ipc(room, join(deep, 'k')) });
      expect(Buffer.byteLength(join(deep, 'k-1'))).toBe(107);
      await room.dial(listener);
      await listener.close();
      const before = process.cwd();
      room.after(() => process.chdir(before));
      process.chdir(deep);
      const relative = await room.listen({ connection: ipc(room, 'kernel-ipc') });
      await room.dial(relative);
      process.chdir(before);
      await relative.close();
      expect(await readdir(deep)).toEqual([]);
    }));

  test('a file that is no socket is left alone', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      await writeFile(join(folder, 'kernel-1'), "somebody else's");
      const connection = { ...ipc(room, join(folder, 'kernel')), ports: { ...ANY_PORTS, shell: 1 } };
      await expect(room.listen({ connection })).rejects.toMatchObject({ code: 'bind-failed' });
      expect(await readdir(folder)).toEqual(['kernel-1']);
    }));

  test('a folder that is missing, or closed to us, is an error, and so is a path of more than 107 bytes', () =>
    inRoom(async (room) => {
      const folder = await room.folder();
      const listen = (prefix: string) => room.listen({ connection: ipc(room, prefix) });
      await expect(listen(join(folder, 'none', 'kernel'))).rejects.toMatchObject({ code: 'bind-failed' });
      await expect(listen(join(folder, 'x'.repeat(110)))).rejects.toMatchObject({ code: 'endpoint-invalid' });
      if (process.getuid?.() === 0) return; // Nothing is closed to root.
      await chmod(folder, 0o500);
      await expect(listen(join(folder, 'kernel'))).rejects.toMatchObject({ code: 'bind-failed' });
      await chmod(folder, 0o700);
    }));
});

const ipc = (room: Room, ip: string): ConnectionInfo => ({ ...room.plain, transport: 'ipc', ip });

const FIVE: Ports = { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 };

/** Leaves socket files behind, as a kernel that was killed. */
async function leaveStale(paths: readonly string[]): Promise<void> {
  await runNode(
    `import { createServer } from 'node:net';
    let left = process.argv.length - 1;
    for (const path of process.argv.slice(1))
      createServer().listen(path, () => --left === 0 && process.kill(process.pid, 'SIGKILL'));`,
    paths,
  );
}

const numbers = ({ ports }: ConnectionInfo): number[] => Object.values(ports).toSorted((a, b) => a - b);
