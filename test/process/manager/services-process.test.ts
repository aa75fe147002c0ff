/** What services do to the process they are in: nothing that outlives them, and nothing on standard output. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runNode, type Ended } from '../../support/run-node.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';

let workplace: Workplace;

beforeAll(async () => {
  workplace = await createWorkplace();
});

afterAll(() => workplace?.dispose());

/** Runs a program with `services`, `quietServices` and `attach` at hand. An unhandled rejection ends it with status 1. */
function program(body: string): Promise<Ended> {
  return runNode(
    `import { attach } from '#src/manager/services/attach.js';
import { connectServices } from '#src/manager/services/connect-services.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
const env = ${JSON.stringify(workplace.env)};
const open = () => connectServices({ transportEncryption: 'required', shutdownTimeout: 500, env, autoRestart: { delay: 10 } });
${body}`,
  );
}

test('a process whose services are closed ends by itself, and printed nothing of its own to standard output', async () => {
  const ended = await program(`
const chatter = [];
const quiet = quietServices(console, (line) => chatter.push(line));
const services = await open();
const kernel = await services.kernels.startNew({ name: 'python3' });
await kernel.requestExecute({ code: '1' }).done;
await kernel.restart();
const attached = await attach(services.managedKernel(kernel.id).connectionFile);
await attached.close();
await services.close();
console.debug('mine');
quiet[Symbol.dispose]();
console.log(chatter.length);`);
  expect(ended).toEqual({ stdout: 'mine\n0\n', stderr: '', status: 0 });
});

test('nothing that happens to kernels rejects a promise that nobody holds', async () => {
  const ended = await program(`
const quiet = quietServices(console);
const services = await open();
const { kernels } = services;
const soon = await kernels.startNew({ name: 'python3' });
await soon.restart(); // before the info was asked for
const busy = await kernels.startNew({ name: 'python3' });
const second = kernels.connectTo({ model: busy.model });
await Promise.all([busy.info, second.info]);
busy.requestExecute({ code: 'import time; time.sleep(60)' });
busy.requestExecute({ code: '1' });
await Promise.all([busy.restart(), second.info]); // with requests pending
busy.requestExecute({ code: 'import time; time.sleep(60)' });
await busy.shutdown();
const fragile = await kernels.startNew({ name: 'python3' });
await fragile.info;
await fragile.requestExecute({ code: 'import os; os._exit(1)' }).done.catch(() => undefined);
await fragile.info;
const unused = await kernels.startNew({ name: 'python3' });
unused.dispose();
await services.close();
console.log('closed');`);
  expect(ended).toEqual({ stdout: 'closed\n', stderr: '', status: 0 });
});

test('without help, upstream writes nothing about kernels that are opened here, and the application what it wants', async () => {
  const ended = await program(`
const { debug, warn } = console;
const services = await open();
services.kernels.connectTo({ model: { id: 'unknown', name: 'none' } });
const kernel = await services.kernels.startNew({ name: 'python3' });
await kernel.requestExecute({ code: '1' }).done;
await kernel.restart();
const clone = kernel.clone();
await clone.info;
const attached = await attach(services.managedKernel(kernel.id).connectionFile);
const mine = console.warn;
console.warn = (...data) => mine('!', ...data);
console.debug('Starting WebSocket: ws://example.org/');
console.debug('Kernel: dead (another)');
console.warn('Connection lost, reconnecting in 3 seconds.');
console.debug({ a: 1 }, 'Starting WebSocket: ws://local.invalid/');
await attached.close();
await services.close();
console.debug('Kernel: dead (' + kernel.id + ')');
console.warn('end');
console.log(console.debug === debug, console.warn === warn);`);
  expect({ ...ended, stdout: ended.stdout.replace(/\((?!another).*\)/, '(ID)') }).toEqual({
    stdout: `Starting WebSocket: ws://example.org/
Kernel: dead (another)
{ a: 1 } Starting WebSocket: ws://local.invalid/
Kernel: dead (ID)
true false
`,
    stderr: '! Connection lost, reconnecting in 3 seconds.\n! end\n',
    status: 0,
  });
});

test('chatter about kernels of a Jupyter server is taken off by quietServices, and given to whom it names', async () => {
  const ended = await program(`
const chatter = [];
const quiet = quietServices(console, (line) => chatter.push(line));
console.debug('Starting WebSocket: ws://example.org/');
console.warn('Connection lost, reconnecting in 3 seconds.');
console.debug('mine');
quiet[Symbol.dispose]();
console.log(chatter.length);
const { debug } = console;
const [one, two] = [quietServices(console), quietServices(console)];
one[Symbol.dispose]();
two[Symbol.dispose]();
console.log(console.debug === debug);`);
  expect(ended).toEqual({ stdout: 'mine\n2\ntrue\n', stderr: '', status: 0 });
});
