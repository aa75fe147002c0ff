import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { parentId, type JsonObject } from '#src/protocol/message.js';
import { eventually } from '../support/eventually.js';
import { KernelClient, type Heard } from '../support/kernel/kernel-client.js';
import { repository } from '../support/repository.js';
import { freshConnection } from '../support/kernel/serve.js';

let folder: string;
let kernel: ChildProcess;
let client: KernelClient;
/** The kernel has little memory: to build what its cells show would end it. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-display-'));
  const file = join(folder, 'kernel.json');
  await writeConnectionFile(file, await freshConnection());
  const command = join(repository, 'dist/cli/main.js');
  kernel = spawn(process.execPath, ['--max-old-space-size=96', command, 'kernel', '--connection-file', file], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const connection = await eventually(async () => {
    const found = await readConnectionFile(file).catch(() => undefined);
    return found?.ports.shell === 0 ? undefined : found;
  }, 'the kernel listens');
  client = await KernelClient.open(connection);
});
afterEach(async () => {
  await client?.close();
  kernel.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** The content of the reply, however long it takes. */
const execute = async (code: string): Promise<JsonObject> => {
  const id = await client.execute(code);
  const isReply = ({ channel, message }: Heard): boolean => channel === 'shell' && parentId(message) === id;
  return (await client.find(isReply, 'the reply', 100_000)).message.content;
};

const MANY = (count: number): string => `{ "application/json": new Array(${count}).fill([]) }`;

test.each([
  ['a display', `display(${MANY(2e6)}, { raw: true }); 0`],
  [
    'an update of a display',
    `display("x", { displayId: "d" }); display(${MANY(2e6)}, { raw: true, displayId: "d", update: true }); 0`,
  ],
  ['a result', `({ [Jupyter.$display]: () => (${MANY(2e6)}) })`],
  ['data of a comm', `Jupyter.broadcast("comm_open", { comm_id: "c", target_name: "t", data: ${MANY(2e6)} }); 0`],
  [
    'metadata',
    `try { display("x", { metadata: ${MANY(2e6)} }) } catch (error) { if (!/more than the limit/.test(error.message)) throw error } 0`,
  ],
  [
    'a frame written by hand',
    `const json = Buffer.from('{"type":"display","cell":1,"metadata":{},"data":{"a":[' + "[],".repeat(2e6) + "[]]}}"); const head = Buffer.alloc(8); head.writeUInt32BE(json.length + 4, 0); head.writeUInt32BE(json.length, 4); require("node:fs").writeSync(4, head); require("node:fs").writeSync(4, json); await new Promise(() => {})`,
  ],
])('2,000,000 empty arrays as %s do not end a kernel of 96 MB', async (_what, code) => {
  const content = await execute(code);
  expect([content['status'], content['ename']]).toEqual(
    code.includes('writeSync') ? ['error', 'EvaluatorLost'] : ['ok', undefined],
  );
  expect(kernel.exitCode ?? kernel.signalCode).toBeNull();
  expect((await execute('1 + 1'))['status']).toBe('ok');
});
