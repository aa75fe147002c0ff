/** docs/library.md, “A kernel of your own”: followed from its first block to its last, in an empty home. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../support/kernel/jupyter-environment.js';
import { browserPath, openNotebookInLab, outputOf, runCell } from '../support/kernel/jupyterlab.js';
import { mainFile } from '../support/command-line.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';

const run = promisify(execFile);
const page = readFileSync(join(repository, 'docs/library.md'), 'utf8');
const [section = ''] = /^## A kernel of your own$.*?(?=^## )/ms.exec(page) ?? [];
const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const hasPython = existsSync(pythonPath());
const withPython = requireOrSkip('a Python with the Jupyter stack', hasPython);
const withBrowser = requireOrSkip(
  'a browser, or no Python with the Jupyter stack',
  hasPython && browserPath !== undefined,
);

let environment: JupyterEnvironment;
let env: NodeJS.ProcessEnv;
let folder: string;
beforeAll(async () => {
  environment = await createJupyterEnvironment({ npm_config_audit: 'false' }, { kernel: false });
  const bin = join(environment.folder, 'bin');
  await mkdir(bin);
  await symlink(mainFile, join(bin, 'jupyter-curve'));
  // The clone beside which the folder is made, and the command as `npm install --global .` leaves it.
  await symlink(repository, join(environment.folder, 'jupyter-curve'));
  env = { ...environment.env, PATH: [bin, dirname(process.execPath), environment.env['PATH']].join(delimiter) };
  folder = join(environment.folder, 'shouting');
});
afterAll(() => environment.dispose());

/** The n-th block, which must be in that language. */
function block(index: number, language: string): string {
  expect(blocks[index]?.language).toBe(language);
  return blocks[index]?.text ?? '';
}

const shell = async (script: string, cwd: string): Promise<string> =>
  (await run('sh', ['-ec', script], { env, cwd })).stdout;

withPython('the blocks, in their order, make a kernel that is found and runs a notebook', async () => {
  await shell(block(0, 'sh'), environment.folder);
  await writeFile(join(folder, 'shouting.mjs'), block(1, 'js'));
  const spec = block(2, 'json');
  expect(spec).toContain('"/home/me/shouting/shouting.mjs"');
  await writeFile(join(folder, 'spec/kernel.json'), spec.replace('/home/me/shouting', folder));
  expect(await shell(block(3, 'sh'), folder)).toMatch(/^shouting +yes +shouting +/m);
  await writeFile(join(folder, 'hello.ipynb'), block(4, 'json'));
  expect(await shell(block(5, 'sh'), folder)).toBe('HELLO\n');
  expect(blocks).toHaveLength(6);
});

withPython('jupyter_client starts it encrypted, and it is gone afterwards', async () => {
  const program = `
from jupyter_client import KernelManager
manager = KernelManager(kernel_name="shouting", transport_encryption="required")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
client.execute_interactive("hello", output_hook=lambda message: print(message["content"].get("data")))
print(bool(manager.curve_publickey))
client.stop_channels()
manager.shutdown_kernel()
`;
  const { stdout } = await run(pythonPath(), ['-c', program], { env, cwd: folder });
  expect(stdout).toContain("{'text/plain': 'HELLO'}");
  expect(stdout).toMatch(/^True$/m);
  expect(await waitForNothingLeft(environment)).toEqual([]);
});

withBrowser(
  'JupyterLab starts it encrypted',
  async () => {
    const options = ['--KernelManager.transport_encryption=required'];
    const lab = await openNotebookInLab({ ...environment, env }, 'shouting/hello.ipynb', options);
    try {
      await lab.page.getByText('Shouting | Idle').waitFor();
      await runCell(lab.page, 0);
      await outputOf(lab.page, 0).getByText('HELLO').waitFor();
    } finally {
      await lab.close();
    }
  },
  300_000,
);

/** The program from its `info` on. */
const body = (text: string): string => /info: \{.*?\n\};/s.exec(text)?.[0] ?? '';

test('the program in README.md is the same', async () => {
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  expect(body(block(1, 'js'))).not.toBe('');
  expect(readme).toContain(body(block(1, 'js')));
});
