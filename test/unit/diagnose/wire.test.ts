/** What the sockets of a connection file say, whatever the file says. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { judge, lookAtWire, type SpokenMechanism } from '#src/diagnose/wire.js';
import { perSocket } from '#src/connection/per-socket.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { serveKernel } from '#src/kernel/serve-kernel.js';
import { ACTS, openFiveListeners } from '../../support/five-listeners.js';
import { freshConnection, OK, scripted } from '../../support/kernel/serve.js';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const listenAs = async (act: Parameters<typeof openFiveListeners>[0]) => {
  const listeners = await openFiveListeners(act);
  undo.push(() => listeners.close());
  return listeners.address;
};

const LIMIT = { timeout: 2_000 };

describe('the wire', () => {
  test('of a kernel with keys is encrypted, and with another key in the file it is not', async () => {
    const kernel = await serveKernel(
      scripted(() => Promise.resolve(OK)),
      await freshConnection(),
    );
    undo.push(() => kernel.close());
    const { connection } = kernel;
    expect((await lookAtWire(connection, connection.curve?.publicKey)).protection).toBe('encrypted');
    expect((await lookAtWire(connection, (await generateCurvePair()).publicKey)).protection).toBe('wrong-key');
    expect((await lookAtWire(connection, undefined)).protection).toBe('unproven');
  });

  test('of a peer that names NULL is plain, whatever key the file has', async () => {
    const address = await listenAs(ACTS.namesNull);
    expect((await lookAtWire(address, (await generateCurvePair()).publicKey, LIMIT)).protection).toBe('plain');
  });

  test('of a peer that names CURVE and completes no handshake proves nothing', async () => {
    const address = await listenAs(ACTS.claimsCurve);
    const { protection, mechanisms } = await lookAtWire(address, (await generateCurvePair()).publicKey, {
      timeout: 300,
    });
    expect(mechanisms.shell).toBe('curve');
    expect(protection).toBe('unproven');
  });

  test.each([
    ['says nothing', ACTS.saysNothing, 'silent'],
    ['ends every connection', ACTS.endsConnections, 'silent'],
    ['floods', ACTS.floods, 'silent'],
    ['names what no kernel has', ACTS.writesToTheTerminal, 'silent'],
  ])('of a peer that %s is told within its limit', async (_, act, protection) => {
    const address = await listenAs(act);
    expect(await lookAtWire(address, undefined, { timeout: 300 })).toMatchObject({ protection });
  });

  test('of an address without a listener is gone', async () => {
    const address = {
      transport: 'tcp',
      ip: '127.0.0.1',
      ports: { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 },
    } as const;
    expect(await lookAtWire(address, undefined)).toMatchObject({ protection: 'gone' });
    expect(await lookAtWire({ ...address, transport: 'ipc', ip: '/nowhere/kernel' }, undefined)).toMatchObject({
      protection: 'gone',
    });
  });
});

const mixed = (first: SpokenMechanism, rest: SpokenMechanism) => perSocket((name) => (name === 'shell' ? first : rest));

describe('the judgement', () => {
  test.each<[SpokenMechanism, SpokenMechanism, string]>([
    ['null', 'curve', 'partly'],
    ['curve', 'null', 'partly'],
    ['silent', 'curve', 'partly'],
    ['closed', 'null', 'gone'],
    ['other', 'silent', 'silent'],
    ['closed', 'closed', 'gone'],
  ])('on %s and four times %s is %s', (first, rest, wanted) => {
    expect(judge(mixed(first, rest), 'admitted')).toBe(wanted);
  });

  test('on CURVE everywhere needs a proof', () => {
    const all = perSocket(() => 'curve' as const);
    expect(
      ([undefined, 'admitted', 'refused', 'silent', 'mechanism-mismatch'] as const).map((proof) => judge(all, proof)),
    ).toEqual(['unproven', 'encrypted', 'wrong-key', 'unproven', 'unproven']);
  });
});
