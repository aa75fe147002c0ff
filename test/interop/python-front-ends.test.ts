/** nbconvert, nbclient and papermill execute the tour on the TypeScript kernel. */
import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../support/kernel/jupyter-environment.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';

const run = promisify(execFile);
let environment: JupyterEnvironment;

beforeEach(async () => {
  environment = await createJupyterEnvironment();
  await copyFile(join(repository, 'examples/tour.ipynb'), join(environment.folder, 'tour.ipynb'));
});
afterEach(() => environment.dispose());

/** Every code cell was run, in order, and what it printed, showed or returned is in the file. */
async function expectExecuted(file: string): Promise<void> {
  const notebook: {
    cells: {
      cell_type: string;
      execution_count: number | null;
      outputs: { output_type: string; name?: string; data?: object }[];
    }[];
  } = JSON.parse(await readFile(file, 'utf8'));
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code');
  expect(code.map((cell) => cell.execution_count)).toEqual(code.map((_, index) => index + 1));
  const outputs = code.flatMap((cell) => cell.outputs);
  expect(new Set(outputs.map((output) => output.output_type))).toEqual(
    new Set(['stream', 'display_data', 'execute_result']),
  );
  expect(outputs.flatMap((output) => Object.keys(output.data ?? {}))).toContain('image/svg+xml');
}

const python = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(pythonPath(), args, { env: environment.env, cwd: environment.folder });

test('nbconvert --execute runs the tour under required', async () => {
  await python(
    '-m',
    'nbconvert',
    '--to=notebook',
    '--execute',
    'tour.ipynb',
    '--output=executed.ipynb',
    '--KernelManager.transport_encryption=required',
  );
  await expectExecuted(join(environment.folder, 'executed.ipynb'));
  expect(await waitForNothingLeft(environment)).toEqual([]);
});

test('nbclient runs the tour under required', async () => {
  const program = `
import nbformat, nbclient
notebook = nbformat.read("tour.ipynb", 4)
client = nbclient.NotebookClient(notebook, timeout=60)
client.execute(transport_encryption="required")
nbformat.validate(notebook)
nbformat.write(notebook, "executed.ipynb")
`;
  await python('-c', program);
  await expectExecuted(join(environment.folder, 'executed.ipynb'));
  expect(await waitForNothingLeft(environment)).toEqual([]);
});

test('nbclient fails on a kernel without curve under required, and says so', async () => {
  const program = `
import json, os, nbformat, nbclient
folder = os.path.join(os.environ["JUPYTER_PATH"], "kernels", "plain")
os.makedirs(folder)
json.dump({"argv": ["false"], "display_name": "plain", "language": "none"}, open(os.path.join(folder, "kernel.json"), "w"))
notebook = nbformat.read("tour.ipynb", 4)
nbclient.NotebookClient(notebook, kernel_name="plain").execute(transport_encryption="required")
`;
  await expect(python('-c', program)).rejects.toMatchObject({
    stderr: expect.stringContaining('transport_encryption'),
  });
});

test('papermill, which has no way to ask for encryption, runs the tour on the same kernel', async () => {
  await python('-m', 'papermill', '--no-progress-bar', 'tour.ipynb', 'executed.ipynb');
  await expectExecuted(join(environment.folder, 'executed.ipynb'));
  expect(await waitForNothingLeft(environment)).toEqual([]);
});
