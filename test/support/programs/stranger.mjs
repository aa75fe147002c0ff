// The stranger of stranger.py, in Node: same input, same output.
import { createHmac } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dealer, Subscriber, curveKeyPair } from 'zeromq';

const info = await json(process.stdin);
const received = { shell: 0, control: 0, stdin: 0, iopub: 0, hb: 0 };
const sockets = Object.keys(received).map((name) => {
  const options = { linger: 0, curveServerKey: info.curve_publickey, ...keys() };
  const socket =
    name === 'iopub'
      ? new Subscriber(options)
      : new Dealer({ ...options, sendTimeout: 0, routingId: info.routing_id ?? 'stranger' });
  if (name === 'iopub') socket.subscribe();
  socket.connect(`tcp://${info.ip}:${info[`${name}_port`]}`);
  return { name, socket };
});

/** A stranger's own, unless the real ones are given: to show that this program can hear. */
function keys() {
  if (info.curve_secretkey) return { curvePublicKey: info.curve_publickey, curveSecretKey: info.curve_secretkey };
  const { publicKey, secretKey } = curveKeyPair();
  return { curvePublicKey: publicKey, curveSecretKey: secretKey };
}

/** Each is another: a kernel takes no message twice, on whatever channel. */
function request(id) {
  const type = { msg_type: 'kernel_info_request', session: 's', username: 'u', date: '', version: '5.3' };
  const parts = [JSON.stringify({ msg_id: id, ...type }), '{}', '{}', '{}'];
  const signature = info.key ? createHmac('sha256', info.key).update(parts.join('')).digest('hex') : '0'.repeat(64);
  return ['<IDS|MSG>', signature, ...parts];
}
process.stdout.write('ready\n');
const listening = sockets.map(async ({ name, socket }) => {
  try {
    for await (const message of socket) received[name] += message.length;
  } catch {
    // Closed below.
  }
});
for (let turn = 0; turn < 40; turn += 1) {
  for (const { name, socket } of sockets) {
    if (name !== 'iopub') await socket.send(request(`${name}-${turn}`)).catch(() => undefined);
  }
  await sleep(50);
}
for (const { socket } of sockets) socket.close();
await Promise.all(listening);
process.stdout.write(`${JSON.stringify(received)}\n`);
