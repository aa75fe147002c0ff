import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { probe, type ProbeAs, type ProbeResult } from '#src/transport/client/probe.js';
import type { Listener } from '#src/transport/server/listener.js';
import { SOCKET_NAMES } from '#src/connection/per-socket.js';
import { aMessage, inRoom } from '../../support/kernel/room.js';

test('strangers from Node are refused on every channel, over tcp and ipc', () =>
  inRoom(async (room) => {
    const folder = await room.folder();
    const other = await generateCurvePair();
    for (const connection of [room.plain, { ...room.plain, transport: 'ipc' as const, ip: join(folder, 's') }]) {
      const listener = await room.listen({ connection });
      const results = async (as: ProbeAs): Promise<ProbeResult[]> =>
        await Promise.all(SOCKET_NAMES.map((name) => probe(endpoint(listener.connection, name), as, name)));
      const server = { mechanism: 'curve', serverKey: room.server.publicKey } as const;

      for (const result of await results({ mechanism: 'null' })) {
        expect(['refused', 'mechanism-mismatch']).toContain(result);
      }
      expect(await results({ mechanism: 'curve', serverKey: other.publicKey })).toEqual(Array(5).fill('refused'));
      expect(await results({ mechanism: 'curve', serverKey: other.publicKey, client: room.server })).toEqual(
        Array(5).fill('refused'),
      );
      expect(await results(server)).toEqual(['refused', 'refused', 'refused', 'refused', 'admitted']);
      expect(await results({ ...server, client: other })).toEqual([
        'refused',
        'refused',
        'refused',
        'refused',
        'admitted',
      ]);
      expect(await results({ ...server, client: room.server })).toEqual(Array(5).fill('admitted'));
    }
  }));

test("a listener for one key refuses every other key, the kernel's own and the key of another listener included", () =>
  inRoom(async (room) => {
    const [ada, bob] = [await generateCurvePair(), await generateCurvePair()];
    const forAda = await room.listen({ name: 'ada', admit: [ada.publicKey] });
    const forBob = await room.listen({ name: 'bob', admit: [bob.publicKey] });
    const curve = { publicKey: room.server.publicKey };
    const dial = (listener: Listener, client: typeof ada): Promise<unknown> =>
      room.dial(listener, { client, connection: { ...listener.connection, curve } });

    await dial(forAda, ada);
    await dial(forBob, bob);
    await expect(dial(forAda, bob)).rejects.toMatchObject({ code: 'peer-refused' });
    await expect(dial(forBob, ada)).rejects.toMatchObject({ code: 'peer-refused' });
    await expect(dial(forAda, room.server)).rejects.toMatchObject({ code: 'peer-refused' });
  }));

test('a listener closes for one identity and nobody else notices', () =>
  inRoom(async (room) => {
    const [ada, bob] = [await generateCurvePair(), await generateCurvePair()];
    const forAda = await room.listen({ name: 'ada', admit: [ada.publicKey] });
    const forBob = await room.listen({ name: 'bob', admit: [bob.publicKey] });
    const curve = { publicKey: room.server.publicKey };
    const failures: string[] = [];
    const dial = (listener: Listener, name: string, client: typeof ada) =>
      room.dial(listener, {
        client,
        connection: { ...listener.connection, curve },
        onFailure: ({ code }) => failures.push(`${name} ${code}`),
      });
    const one = await dial(forAda, 'ada', ada);
    const two = await dial(forBob, 'bob', bob);
    await forAda.close();
    await expect(one.dialer.heartbeat({ timeout: 2_000 })).rejects.toMatchObject({ code: 'peer-lost' });
    await two.dialer.send('shell', aMessage('x_request'));
    await two.until(1);
    expect(failures).toEqual(['ada peer-lost']);
    expect(one.received).toEqual([]);
  }));
