/** Kernels behind the relay under jupyter_client, beside the same kernels alone. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../support/kernel/jupyter-environment.js';
import { wrapKernel } from '../support/kernel/live-kernel.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';

let environment: JupyterEnvironment;
beforeEach(async () => {
  environment = await createJupyterEnvironment({}, { kernel: false });
  const module: Readonly<Record<string, string>> = { ipykernel: 'ipykernel_launcher', bash: 'bash_kernel' };
  for (const [name, program] of Object.entries(module)) {
    const folder = join(environment.folder, 'prefix/share/jupyter/kernels', name);
    await mkdir(folder, { recursive: true });
    const argv = [pythonPath(), '-m', program, '-f', '{connection_file}'];
    await writeFile(join(folder, 'kernel.json'), JSON.stringify({ argv, display_name: name, language: name }));
  }
});
afterEach(() => environment.dispose());

const python = async (program: string, ...args: string[]): Promise<unknown> => {
  const file = join(repository, 'test/support/programs', program);
  const { env, folder: cwd } = environment;
  const { stdout } = await promisify(execFile)(pythonPath(), [file, ...args], { env, cwd });
  return JSON.parse(stdout);
};

test.each(['ipykernel', 'bash'])('%s fares as well in jupyter_kernel_test as alone', async (kernel) => {
  await wrapKernel(environment, kernel);
  const alone = await python('relay_conformance.py', kernel, kernel, 'disabled');
  const relayed = await python('relay_conformance.py', kernel, 'wrapped', 'required');
  expect(relayed).toEqual(alone);
  expect(Object.values(Object(relayed)).filter((outcome) => outcome === 'passed').length).toBeGreaterThan(2);
  expect(await waitForNothingLeft(environment)).toEqual([]);
});

test('a session with an ipykernel: stdin, interrupt, restart, and deaths', async () => {
  await wrapKernel(environment, 'ipykernel');
  expect(await python('relay_session.py', 'wrapped', '--HistoryManager.hist_file=:memory:')).toEqual({
    encrypted: true,
    runs: ['ok', '42\n'],
    argv: "'--HistoryManager.hist_file=:memory:'",
    stdin: ['ok', "'Ada'"],
    'alive while it computes': true,
    interrupted: 'KeyboardInterrupt',
    restarted: 'False',
    ended: 3,
    'after that': ['ok', '2'],
  });
  expect(await waitForNothingLeft(environment)).toEqual([]);
});

test('papermill runs a notebook on it', async () => {
  await wrapKernel(environment, 'ipykernel');
  const cell = { cell_type: 'code', id: 'a', metadata: {}, source: 'print(6 * 7)', outputs: [], execution_count: null };
  const notebook = {
    cells: [cell],
    metadata: { kernelspec: { name: 'wrapped', display_name: '', language: 'python' } },
  };
  const [from, to] = [join(environment.folder, 'in.ipynb'), join(environment.folder, 'out.ipynb')];
  await writeFile(from, JSON.stringify({ ...notebook, nbformat: 4, nbformat_minor: 5 }));
  const program = `
import papermill, json
from jupyter_client import AsyncKernelManager
AsyncKernelManager.transport_encryption.default_value = "required"
papermill.execute_notebook(${JSON.stringify(from)}, ${JSON.stringify(to)}, progress_bar=False)
print(json.dumps(json.load(open(${JSON.stringify(to)}))["cells"][0]["outputs"][0]["text"]))
`;
  const { env, folder: cwd } = environment;
  const { stdout } = await promisify(execFile)(pythonPath(), ['-c', program], { env, cwd });
  expect(JSON.parse(stdout)).toEqual(['42\n']);
  expect(await waitForNothingLeft(environment)).toEqual([]);
});
