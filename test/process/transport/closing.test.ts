import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { TransportContext } from '#src/transport/transport-context.js';
import { eventually } from '../../support/eventually.js';
import { repository } from '../../support/repository.js';
import { runNode } from '../../support/run-node.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { aMessage, inRoom } from '../../support/kernel/room.js';

const onLinux = requireOrSkip('/proc', process.platform === 'linux');

onLinux('what is closed leaves no descriptor behind', () =>
  inRoom(async (room) => {
    const once = async (): Promise<void> => {
      const listener = await room.listen({ onEvent: () => undefined });
      const { dialer } = await room.dial(listener);
      await dialer.heartbeat();
      await dialer.close();
      await listener.close();
    };
    await once();
    const before = descriptors();
    for (let round = 0; round < 10; round++) await once();
    await eventually(() => descriptors() <= before);
  }),
);

onLinux('an opening that fails leaves no descriptor behind, on either side', () =>
  inRoom(async (room) => {
    const taken = await room.listen();
    const attempt = async (): Promise<void> => {
      await expect(room.listen({ connection: taken.connection })).rejects.toMatchObject({ code: 'address-in-use' });
      const { curve: _, ...plain } = taken.connection;
      await expect(room.dial(taken, { connection: plain })).rejects.toMatchObject({ code: 'peer-encrypted' });
    };
    await attempt();
    const before = descriptors();
    for (let round = 0; round < 10; round++) await attempt();
    await eventually(() => descriptors() <= before);
  }),
);

test('a closed listener can be reached by nobody, at once', () =>
  inRoom(async (room) => {
    const listener = await room.listen();
    await listener.close();
    for (const port of Object.values(listener.connection.ports)) {
      const refused = new Promise((settle) => connect(port, '127.0.0.1').on('error', settle).on('connect', settle));
      expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
    }
    await room.listen({ connection: listener.connection });
  }));

test('closing the context closes everything made in it, and nothing more can be made', () =>
  inRoom(async (room) => {
    const context = new TransportContext();
    const listener = await room.listen({ context });
    const { dialer } = await room.dial(listener, { context });
    await context.close();
    await expect(dialer.send('shell', aMessage('x_request'))).rejects.toMatchObject({ code: 'transport-closed' });
    await expect(room.listen({ context })).rejects.toMatchObject({ code: 'transport-closed' });
    await expect(room.dial(listener, { context })).rejects.toMatchObject({ code: 'transport-closed' });
    await context.close();
  }));

test('a listener that is closed while it opens does not stay open', () =>
  inRoom(async (room) => {
    const context = new TransportContext();
    const opening = room.listen({ context });
    const outcome = expect(opening).rejects.toMatchObject({ code: 'transport-closed' });
    await context.close();
    await outcome;
  }));

test('a process ends by itself when everything is closed, and its exit code is its own', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 100_000,
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  const [code, signal] = await new Promise<[number | null, string | null]>((ended) =>
    child.on('close', (...end) => ended(end)),
  );
  expect([Buffer.concat(output).toString(), code, signal]).toEqual(['closed\n', 7, null]);
});

test('five hundred closings right after sending, six processes at a time, abort none', async () => {
  const ends: string[] = [];
  let left = PROCESSES;
  const closeOften = async (): Promise<void> => {
    while (left-- > 0) {
      const { status, stderr } = await runNode(CLOSE_OFTEN, [String(CLOSINGS)]);
      ends.push(`${status} ${stderr}`);
    }
  };
  await Promise.all(Array.from({ length: 6 }, closeOften));
  expect(ends).toEqual(Array.from({ length: PROCESSES }, () => '0 '));
});

const PROCESSES = 24;
const CLOSINGS = 21;
const CLOSE_OFTEN = `
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { createMessage } from '#src/protocol/create-message.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';

const server = await generateCurvePair();
const context = new TransportContext();
const connection = {
  transport: 'tcp', ip: '127.0.0.1', ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
  key: Secret.fromText('key'), signatureScheme: 'hmac-sha256', extra: {}, curve: server,
};
const limits = { selfCheck: 60_000, handshake: 60_000 };
for (let closing = 0; closing < Number(process.argv[1]); closing++) {
  let up;
  const heard = new Promise((resolve) => (up = resolve));
  const listener = await openListener({ context, name: 'owner', connection, server, limits, onMessage() {} });
  const dialer = await openDialer({ connection: listener.connection, routingId: 'x', timeout: 60_000, onMessage: () => up() });
  const publish = () => listener.publish(createMessage({ session: 's', username: 'u' }, 'stream', { text: 'x'.repeat(500) }));
  const publishing = setInterval(publish, 5);
  await heard;
  clearInterval(publishing);
  for (let n = 0; n < 300; n++) publish();
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([dialer.close(), listener.close()]);
}
await context.close();
`;

const module = (path: string): string => pathToFileURL(join(repository, 'dist', path)).href;
const PROGRAM = `
import { generateCurvePair } from '${module('keys/curve-pair.js')}';
import { Secret } from '${module('keys/secret.js')}';
import { createMessage } from '${module('protocol/create-message.js')}';
import { openDialer } from '${module('transport/client/dialer.js')}';
import { openListener } from '${module('transport/server/open-listener.js')}';
import { TransportContext } from '${module('transport/transport-context.js')}';

const server = await generateCurvePair();
const context = new TransportContext();
const connection = {
  transport: 'tcp', ip: '127.0.0.1', ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
  key: Secret.fromText('key'), signatureScheme: 'hmac-sha256', extra: {}, curve: server,
};
const listener = await openListener({ context, name: 'owner', connection, server, onMessage() {}, onEvent() {} });
const dialer = await openDialer({ connection: listener.connection, routingId: 'x', onMessage() {} });
await dialer.heartbeat();
for (let n = 0; n < 1000; n++) listener.publish(createMessage({ session: 's', username: 'u' }, 'stream', {}));
await dialer.close();
await context.close();
process.exitCode = 7;
console.log('closed');
`;

const descriptors = (): number => readdirSync('/proc/self/fd').length;
