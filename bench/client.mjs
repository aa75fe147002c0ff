// The half of jupyter-curve in the client comparison: one line in, one batch of round trips out (milliseconds, as JSON).
// Usage: client.mjs CONNECTION_FILE
import { createInterface } from 'node:readline';
import { attach } from 'jupyter-curve';

const attached = await attach(process.argv[2]);
const kernel = attached.connection;

async function roundTrip() {
  const begin = performance.now();
  await kernel.requestExecute({ code: '1+1' }).done;
  return performance.now() - begin;
}

process.stdout.write('[]\n');
for await (const line of createInterface({ input: process.stdin })) {
  const times = [];
  for (let turn = 0; turn < Number(line); turn += 1) times.push(await roundTrip());
  process.stdout.write(`${JSON.stringify(times)}\n`);
}
await attached.close();
