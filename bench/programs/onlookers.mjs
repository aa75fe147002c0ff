// Observers: reads one line with connections (JSON), subscribes to each, and answers when all have received something. Then reads one number
// a line, and answers when each has received that many messages of a megabyte.
import { createInterface } from 'node:readline';
import { Subscriber } from 'zeromq';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const connections = JSON.parse((await lines.next()).value);
const heard = connections.map(() => ({ any: false, large: 0 }));
let look = () => {};
const until = (fits) =>
  new Promise((resolve) => {
    look = () => heard.every(fits) && resolve();
    look();
  });

const sockets = connections.map((info, index) => {
  const socket = new Subscriber({
    linger: 0,
    receiveHighWaterMark: 0,
    curveServerKey: info.curve_publickey,
    curvePublicKey: info.curve_publickey,
    curveSecretKey: info.curve_secretkey,
  });
  socket.subscribe();
  socket.connect(`tcp://${info.ip}:${info.iopub_port}`);
  void receive(socket, heard[index]);
  return socket;
});

async function receive(socket, one) {
  try {
    for await (const frames of socket) {
      one.any = true;
      if (frames.some((frame) => frame.length >= 2 ** 20)) one.large += 1;
      look();
    }
  } catch {
    // Closed below.
  }
}

await until(({ any }) => any);
process.stdout.write('ready\n');
for await (const line of lines) {
  await until(({ large }) => large >= Number(line));
  process.stdout.write('heard\n');
}
for (const socket of sockets) socket.close();
