import { randomUUID } from 'node:crypto';
import { openAccess } from '#src/manager/client/access-client.js';
import { startKernel } from '#src/manager/lifecycle/start-kernel.js';
import { createMessage } from '#src/protocol/create-message.js';
import { openDialer } from '#src/transport/client/dialer.js';

/** A kernel of ours under CURVE, with the owner's `access` to it. */
export async function startShared(env) {
  const kernel = await startKernel({ kernelName: 'typescript', transportEncryption: 'required', env });
  const access = await openAccess(kernel.connectionFile);
  const close = async () => {
    await access.close();
    await kernel.shutdown();
  };
  return { kernel, access, close };
}

/** Lets in `count` clients that may look on; returns their connections. */
export async function letIn(access, count) {
  const connections = [];
  for (let index = 0; index < count; index += 1) {
    connections.push((await access.grant({ name: `ada-${index}`, roles: ['observer'] })).connection);
  }
  return connections;
}

/**
 * A client that only executes. `trip` runs a cell, and resolves to the milliseconds until its reply, and until both reply and idle were there.
 */
export async function openExecutor(connection) {
  const origin = { session: randomUUID(), username: 'bench' };
  let waiting;
  const dialer = await openDialer({
    connection,
    routingId: origin.session,
    messageBytes: 2 ** 26,
    onMessage(channel, message) {
      if (waiting === undefined || message.parent_header.msg_id !== waiting.id) return;
      const now = performance.now();
      if (channel === 'shell') waiting.reply = now;
      else if (channel === 'iopub' && message.content.execution_state === 'idle') waiting.idle = now;
      if (waiting.reply !== undefined && waiting.idle !== undefined) waiting.resolve();
    },
  });
  const trip = async (code = '1+1') => {
    const message = createMessage(origin, 'execute_request', {
      code,
      silent: false,
      store_history: true,
      allow_stdin: false,
    });
    const begin = performance.now();
    const done = new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('A cell had no reply, or no idle, within a minute.')), 60_000);
      waiting = { id: message.header.msg_id, resolve: () => (clearTimeout(limit), resolve()) };
    });
    await dialer.send('shell', message);
    await done;
    return { reply: waiting.reply - begin, done: Math.max(waiting.reply, waiting.idle) - begin };
  };
  return { trip, close: () => dialer.close() };
}
