// The comparison for access: ten sockets with a key pair each, and each sends a megabyte that was signed and encrypted for it alone. Prints
// their connections as JSON; reads a number a line, sends that many messages, and answers.
import { createHmac, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { XPublisher, curveKeyPair } from 'zeromq';

const sockets = [];
const connections = [];
for (let index = 0; index < 10; index += 1) {
  const { publicKey, secretKey } = curveKeyPair();
  const socket = new XPublisher({
    linger: 0,
    sendHighWaterMark: 0,
    curveServer: true,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
  });
  await socket.bind('tcp://127.0.0.1:*');
  const iopub_port = Number(socket.lastEndpoint.split(':').at(-1));
  connections.push({ ip: '127.0.0.1', iopub_port, curve_publickey: publicKey, curve_secretkey: secretKey });
  sockets.push(socket);
}
process.stdout.write(`${JSON.stringify(connections)}\n`);

const key = randomBytes(32);
// In the form of display_data.
const parts = [Buffer.alloc(250, 'h'), Buffer.alloc(250, 'p'), Buffer.from('{}'), Buffer.alloc(2 ** 20 + 64, 'x')];
const send = async (socket) => {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  await socket.send(['display_data', '<IDS|MSG>', mac.digest('hex'), ...parts]);
};

for (const socket of sockets) {
  await socket.receive(); // The subscription.
  await socket.send(['welcome']);
}
for await (const line of createInterface({ input: process.stdin })) {
  for (let turn = 0; turn < Number(line); turn += 1) for (const socket of sockets) await send(socket);
  process.stdout.write('sent\n');
}
for (const socket of sockets) socket.close();
