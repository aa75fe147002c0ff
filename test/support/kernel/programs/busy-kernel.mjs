// A kernel that listens, prints its connection file, and then does nothing for so many milliseconds, from the first message on or at
// once: no handler of its own runs in that time, and libzmq goes on alone.
// Usage: busy-kernel.mjs MILLISECONDS [when-asked]
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { openListener } from '#src/transport/server/open-listener.js';
import { TransportContext } from '#src/transport/transport-context.js';

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
  onMessage: rest,
});
process.stdout.write(`${formatConnectionInfo(listener.connection).replaceAll('\n', ' ')}\n`);
if (process.argv[3] !== 'when-asked') setImmediate(rest);

function rest() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.argv[2]));
}
