/** Attacks on the list of clients: it has those that are there. */
import { test } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { endpoint } from '#src/connection/endpoints.js';
import type { SocketName } from '#src/protocol/message.js';
import { probe } from '#src/transport/client/probe.js';
import { eventually } from '../support/eventually.js';
import { OK, scripted } from '../support/kernel/serve.js';
import { knock, share } from '../support/kernel/share.js';

const silent = scripted(async () => OK);

/** Connects to one socket with the keys of the connection, and leaves. */
const touch =
  (name: SocketName) =>
  async (connection: ConnectionInfo): Promise<boolean> => {
    const { curve } = connection;
    if (!curve?.secretKey) throw new Error('no keys');
    const { publicKey: serverKey, secretKey } = curve;
    const as = { mechanism: 'curve', serverKey, client: { publicKey: serverKey, secretKey } } as const;
    return (await probe(endpoint(connection, name), as, name, { timeout: 20_000 })) === 'admitted';
  };

test.each<readonly [string, (connection: ConnectionInfo) => Promise<boolean>, number]>([
  // libzmq does not say which connection ended, so of five that come and go at once a few are taken for another client.
  ['all five sockets', async (connection) => (await knock(connection, undefined, 20_000)) === 'in', 16],
  ['shell alone', touch('shell'), 0],
  // The end of a connection to iopub is not watched for, so the last of them are listed until others come.
  ['iopub alone', touch('iopub'), 16],
  ['heartbeat alone, which admits every key', touch('heartbeat'), 0],
])(
  'an observer that comes and goes 500 times by %s is not listed without bound',
  async (_, come, most) => {
    const { kernel } = await share(silent);
    const { connection } = await kernel.access.grant({ name: 'bob', roles: ['observer'] });
    let times = 0;
    while (times < 500) if (await come(connection)) times++;
    const listed = async (): Promise<number> =>
      (await kernel.access.clients()).find(({ name }) => name === 'bob')?.connected.length ?? 0;
    await eventually(async () => (await listed()) <= most);
  },
  300_000,
);
