/** Attacks on a verifier whose answer depends on the address: a role that is given for one address must not reach another. */
import { expect, test } from '@jest/globals';
import { Subscriber } from 'zeromq';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import { probe } from '#src/transport/client/probe.js';
import { eventually } from '../support/eventually.js';
import { OK, scripted } from '../support/kernel/serve.js';
import { afterwards, knock, share, type Shared } from '../support/kernel/share.js';

const echo = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});
const [HERE, OFFICE] = ['127.0.0.1', '127.0.0.2'];
const byAddress = (_: string, address: string): string => (address === OFFICE ? 'executor' : 'observer');
const fromHere = (_: string, address: string): string => (address === HERE ? 'observer' : 'deny');
/** The connection as one who dials from the office uses it (zmq_tcp(7): “SOURCE;DESTINATION”). */
const fromOffice = (connection: ConnectionInfo): ConnectionInfo => ({ ...connection, ip: `${OFFICE}:0;${HERE}` });
const rolesOf = async ({ kernel }: Shared): Promise<readonly (readonly string[])[]> =>
  (await kernel.access.clients()).filter(({ name }) => name === 'bob').map(({ roles }) => roles);
const grantBob = async ({ kernel }: Shared): Promise<ConnectionInfo> =>
  (await kernel.access.grant({ name: 'bob', roles: ['observer'] })).connection;

test('a connection from an address with another role is refused while there are others, and said to be', async () => {
  const shared = await share(echo, { access: { verify: byAddress } });
  const connection = await grantBob(shared);
  const bob = await shared.join(connection);
  expect(await knock(fromOffice(connection))).toBe('peer-refused');
  expect(await rolesOf(shared)).toEqual([['observer']]);
  expect(await bob.answer(await bob.execute('1'))).toMatchObject({ ename: 'NotPermitted' });
  expect(shared.events).toContainEqual(
    expect.objectContaining({
      event: 'refuse',
      identity: 'bob',
      address: OFFICE,
      rule: 'executor by the verifier from there, and observer from where it is connected',
    }),
  );
  expect(await knock(connection)).toBe('in');
  await bob.close();
  await eventually(async () => (await knock(fromOffice(connection))) === 'in');
  expect(await rolesOf(shared)).toEqual([['executor']]);
});

test('another grant of the same name brings no role to the first one', async () => {
  const shared = await share(echo, { access: { verify: byAddress } });
  const bob = await shared.join(await grantBob(shared));
  const other = await grantBob(shared);
  expect(await knock(fromOffice(other))).toBe('peer-refused');
  expect(await bob.answer(await bob.execute('1'))).toMatchObject({ ename: 'NotPermitted' });
  expect(await rolesOf(shared)).toEqual([['observer'], ['observer']]);
  await bob.close();
  await eventually(async () => (await knock(fromOffice(other))) === 'in');
  // What it was given for the office is not what the other grant has at home.
  await eventually(async () => (await knock(other)) === 'in');
  expect(await rolesOf(shared)).toEqual([['observer'], ['observer']]);
});

test('of connections from two addresses at the same time, those of one are let in', async () => {
  const shared = await share(echo, { access: { verify: byAddress } });
  const connection = await grantBob(shared);
  for (let time = 0; time < 5; time++) {
    const dialed = [connection, fromOffice(connection)].map(async (at) => shared.join(at).catch(() => undefined));
    const inside = (await Promise.all(dialed)).filter((client) => client !== undefined);
    expect(inside.length).toBeLessThanOrEqual(1);
    for (const client of inside) await client.close();
  }
  await eventually(async () => (await knock(connection)) === 'in');
});

test('a connection that is left on iopub alone keeps the role as it is', async () => {
  const shared = await share(echo, { access: { verify: byAddress } });
  const connection = await grantBob(shared);
  const { curve } = connection;
  if (!curve?.secretKey) throw new Error('no keys');
  const spy = new Subscriber({
    linger: 0,
    curveServerKey: curve.publicKey,
    curvePublicKey: curve.publicKey,
    curveSecretKey: exposeZ85(curve.secretKey),
  });
  afterwards(async () => spy.close());
  spy.connect(endpoint(connection, 'iopub'));
  spy.subscribe();
  await spy.receive();
  expect(await knock(fromOffice(connection))).toBe('peer-refused');
  spy.close();
  await eventually(async () => (await knock(fromOffice(connection))) === 'in');
});

test('a stranger who knocks at heartbeat from an address that the verifier denies costs the client nothing', async () => {
  const shared = await share(echo, { access: { verify: fromHere } });
  const connection = await grantBob(shared);
  const bob = await shared.join(connection);
  const serverKey = connection.curve?.publicKey ?? '';
  const address = endpoint(fromOffice(connection), 'heartbeat');
  expect(await probe(address, { mechanism: 'curve', serverKey }, 'heartbeat')).toBe('admitted');
  await shared.kernel.access.reloadPolicy();
  expect(shared.events.filter(({ event }) => event === 'revoke')).toEqual([]);
  expect(await bob.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
  expect((await shared.kernel.access.clients()).find(({ name }) => name === 'bob')?.connected).toHaveLength(1);
});

test('a verifier that comes to give two addresses different roles has both cut off', async () => {
  let isAtHome = false;
  const verify = (_: string, address: string): string => (isAtHome ? byAddress(_, address) : 'executor');
  const shared = await share(echo, { access: { verify } });
  const connection = await grantBob(shared);
  await shared.join(connection);
  await shared.join(fromOffice(connection));
  isAtHome = true;
  const why = 'the verifier gives its connections different roles';
  // Its answers are remembered for a second.
  await eventually(async () => {
    await shared.kernel.access.reloadPolicy();
    return shared.events.some(({ event, rule }) => event === 'revoke' && rule === why);
  });
});
