// A listener that echoes on shell, in a process of few descriptors (ulimit -n). Prints its connection file, then a line for each
// second in which connections could not be accepted for want of descriptors.
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { createMessage } from '#src/protocol/create-message.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';
import { readdirSync } from 'node:fs';

const server = await generateCurvePair();
const listener = await openListener({
  context: new TransportContext(),
  name: 'owner',
  server,
  connection: {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    key: Secret.fromText('key'),
    signatureScheme: 'hmac-sha256',
    curve: server,
    extra: {},
  },
  onMessage: ({ channel, routing, message, listener: from }) =>
    from.send(channel, routing, createMessage({ session: 's', username: 'u' }, 'reply', message.content)),
  onEvent: () => undefined,
  monitor: ['shell'],
});
process.stdout.write(`${formatConnectionInfo(listener.connection).replaceAll('\n', ' ')}\n`);
setInterval(() => {
  if (isFull()) process.stdout.write('full\n');
}, 100);

/** Looking at the descriptors takes one. */
function isFull() {
  try {
    readdirSync('/proc/self/fd');
    return false;
  } catch (error) {
    return error.code === 'EMFILE';
  }
}
