import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';

/** Opens a listener under CURVE on ports of its own, in a program of its own, and prints its connection file in one line. */
export async function openEncryptedListener(options) {
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
    ...options,
  });
  process.stdout.write(`${formatConnectionInfo(listener.connection).replaceAll('\n', ' ')}\n`);
}
