/** The services and notebooks on our own kernel. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kernel } from '@jupyterlab/services';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { executeNotebook } from '#src/notebook/execute-notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { repository } from '../../support/repository.js';
import { openServices, run } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';

let workplace: Workplace;
let services: LocalServices;
let kernel: Kernel.IKernelConnection;

beforeAll(async () => {
  workplace = await createWorkplace();
  const main = join(repository, 'dist/cli/main.js');
  await workplace.describe('typescript', [process.execPath, main, 'kernel', '--connection-file', '{connection_file}'], {
    language: 'typescript',
    interrupt_mode: 'message',
  });
  services = await openServices(workplace, { defaultKernel: 'typescript' });
  kernel = await services.kernels.startNew();
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

test('a cell runs, asks and answers', async () => {
  expect((await run(kernel, 'const name = await input("who? "); console.log(name)', () => 'me')).text).toBe('me\n');
  expect((await run(kernel, 'const x: number = 6; x * 7')).result).toBe('42');
  expect((await kernel.info).language_info.name).toBe('typescript');
  expect((await kernel.requestIsComplete({ code: 'if (x) {' })).content.status).toBe('incomplete');
});

test('an interrupt ends a spinning cell, and its variables stay', async () => {
  await run(kernel, 'let kept = 1');
  const future = kernel.requestExecute({ code: 'console.log("begun"); while (true) {}' });
  await new Promise<void>((resolve) => {
    future.onIOPub = ({ header }) => {
      if (header.msg_type === 'stream') resolve();
    };
  });
  await kernel.interrupt();
  expect((await future.done).content.status).toBe('error');
  expect((await run(kernel, 'kept')).result).toBe('1');
});

test('a restart gives an empty kernel', async () => {
  await run(kernel, 'const gone = 1');
  await kernel.restart();
  expect((await run(kernel, 'typeof gone')).result).toBe("'undefined'");
});

const code = (source: string): object => ({
  cell_type: 'code',
  metadata: {},
  source,
  outputs: [],
  execution_count: null,
});

test('a notebook is executed', async () => {
  const text = JSON.stringify({
    nbformat: 4,
    nbformat_minor: 4,
    metadata: {},
    cells: [code('console.log("one")\nconsole.log("two")'), code('throw new RangeError("no")')],
  });
  const { notebook, failure } = await executeNotebook(parseNotebook(text, 'x'), kernel);
  expect(notebook.cells[0]).toMatchObject({ outputs: [{ name: 'stdout', text: 'one\ntwo\n' }] });
  expect(failure).toMatchObject({ code: 'cell-failed', message: 'Cell 2 raised RangeError.' });
  expect(notebook.metadata['language_info']).toMatchObject({ name: 'typescript' });
});
