/** A backend that is no language, as a relay to another kernel is one. */
import { afterEach, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { Backend, OpenBackend, Outlet, Request } from '#src/server/backend.js';
import type { Kernel } from '#src/server/kernel.js';
import { serveBackend } from '#src/server/serve-backend.js';
import { eventually } from '../../support/eventually.js';
import { KernelClient } from '../../support/kernel/kernel-client.js';
import { freshConnection } from '../../support/kernel/serve.js';

const ORIGIN = { session: 'echo', username: 'kernel' };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

interface Echo {
  readonly openBackend: OpenBackend;
  readonly calls: string[];
  readonly requests: Request[];
}

/** Answers each request with its own content, shows that on iopub, and ends the kernel when it is asked to. */
function echo(): Echo {
  const calls: string[] = [];
  const requests: Request[] = [];
  const openBackend = (outlet: Outlet): Backend => ({
    begin: () => void calls.push('begin'),
    receive(request) {
      requests.push(request);
      const { header, content } = request.message;
      outlet.publish(createMessage(ORIGIN, 'display_data', { data: content, metadata: {} }, { parent: header }));
      request.reply(createMessage(ORIGIN, header.msg_type.replace('_request', '_reply'), content, { parent: header }));
      if (header.msg_type === 'shutdown_request') outlet.end('shutdown');
    },
    interrupt: () => void calls.push('interrupt'),
    isRunning: () => false,
    cancelRequests: (_, retain) => void calls.push(`cancel, retain ${retain}`),
    close: async (reason) => void calls.push(`close, ${reason}`),
  });
  return { openBackend, calls, requests };
}

async function serve({ openBackend }: Echo): Promise<Kernel> {
  const kernel = await serveBackend(openBackend, await freshConnection(), { env: {}, origin: ORIGIN });
  opened.push(kernel);
  return kernel;
}

async function connect(...args: Parameters<typeof KernelClient.open>): Promise<KernelClient> {
  const client = await KernelClient.open(...args);
  opened.push(client);
  return client;
}

test('its replies go to the sender, and what it publishes to every client', async () => {
  const backend = echo();
  const kernel = await serve(backend);
  const [one, other] = [await connect(kernel.connection), await connect(kernel.connection)];
  const id = await one.send('custom_request', { a: 1 });
  await eventually(() => one.heard.some(({ message }) => message.header.msg_type === 'custom_reply'));
  for (const client of [one, other]) await eventually(() => client.published(id).length === 1);
  expect(other.heard.some(({ message }) => message.header.msg_type === 'custom_reply')).toBe(false);
  expect(backend.calls).toEqual(['begin']);
});

test('a client of low rights reaches it with what its role allows, under its verified name, until it is revoked', async () => {
  const backend = echo();
  const kernel = await serve(backend);
  const { connection } = await kernel.access.grant({ name: 'ann', roles: ['observer'] });
  const ann = await connect(connection);
  await ann.send('execute_request', { code: 'secret' });
  await ann.send('kernel_info_request', {});
  await eventually(() => backend.requests.length > 0);
  expect(backend.requests.map(({ identity, message }) => [identity, message.header.msg_type])).toEqual([
    ['ann', 'kernel_info_request'],
  ]);
  await kernel.access.revoke({ name: 'ann' });
  expect(backend.calls).toContain('cancel, retain nothing');
});

test('it ends the kernel, and is closed once', async () => {
  const backend = echo();
  const kernel = await serve(backend);
  const client = await connect(kernel.connection);
  kernel.interrupt();
  await client.send('shutdown_request', {}, { channel: 'control' });
  expect(await kernel.closed).toEqual({ restart: false });
  expect(backend.calls).toEqual(['begin', 'interrupt', 'close, shutdown']);
});
