import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Kernel } from '@jupyterlab/services';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { executeNotebook, type NotebookProgress } from '#src/notebook/execute-notebook.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Cell, Notebook, Output } from '#src/notebook/notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { openServices } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';
import { pythonNbformat, runPython } from '../../support/python-nbformat.js';

let workplace: Workplace;
let services: LocalServices;
let kernel: Kernel.IKernelConnection;

beforeAll(async () => {
  workplace = await createWorkplace();
  services = await openServices(workplace, { autoRestart: false });
  kernel = await services.kernels.startNew({ name: 'python3' }, { handleComms: false });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

function notebookOf(
  ...cells: (string | { source: string; tags?: string[]; type?: string; outputs?: Output[] })[]
): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
    cells: cells.map((cell, index): Cell => {
      const { source, tags, type = 'code', outputs = [] } = typeof cell === 'string' ? { source: cell } : cell;
      const common = { id: `c${index}`, metadata: tags === undefined ? {} : { tags }, source };
      return type === 'code'
        ? { ...common, cell_type: 'code', outputs, execution_count: null }
        : { ...common, cell_type: 'markdown' };
    }),
  };
}

const outputsOf = ({ cells }: Notebook): (readonly Output[] | undefined)[] =>
  cells.map((cell) => (cell.cell_type === 'code' ? cell.outputs : undefined));

const stdout = (text: string): Output => ({ output_type: 'stream', name: 'stdout', text });

test('a notebook ends up as nbclient leaves it, and Python finds it valid', async () => {
  const notebook = notebookOf(
    { source: '# A title', type: 'markdown' },
    'print("one"); print("two")\n"result"',
    'from IPython.display import display, clear_output, HTML, JSON\nimport sys, time\nh = display("shown", display_id="d")',
    'display(HTML("<b>x</b>"), JSON({"a": [1]})); display("again", display_id="d")',
    'h.update("updated", metadata={"text/plain": {"k": 1}})',
    'display("mine", display_id="e"); clear_output(); print("kept")',
    'print("goes"); clear_output(wait=True); display("comes")',
    'print("stays"); clear_output(wait=True)',
    'for i in range(3):\n    clear_output(wait=True); print(i)',
    'display("first", display_id="f")\nclear_output(wait=True)\ndisplay("second", display_id="f")',
    'print("out", flush=True); print("err", file=sys.stderr, flush=True); print("out", flush=True)',
    { source: 'raise ValueError("no")', tags: ['raises-exception'] },
    '   \n',
    { source: 'never = 1', tags: ['skip-execution'] },
    '1 / 0',
    '"never" in globals()',
    'h.update("at last")',
    '%%latex\n$x$',
  );
  const own = await services.kernels.startNew({ name: 'python3' }, { handleComms: false });
  const { notebook: ours, failure } = await executeNotebook(notebook, own, { allowErrors: true });
  await own.shutdown();
  expect(failure).toBeUndefined();
  const text = formatNotebook(ours);
  const theirs = await runPython('run_nbclient.py', formatNotebook(notebook), { ...process.env, ...workplace.env });
  expect(comparable(text)).toEqual(comparable(theirs));
  expect((await pythonNbformat([text]))[0]).toEqual({ text, problem: null });
});

/** Without times and process ids; prints in a row count as one, whoever joined them. */
function comparable(text: string): unknown {
  const { metadata, cells } = parseNotebook(text.replaceAll(/ipykernel_\d+/g, 'ipykernel'), 'x');
  return {
    metadata,
    cells: cells.map((cell) => {
      if (cell.cell_type !== 'code') return cell;
      const { execution, ...rest } = cell.metadata;
      const outputs: Output[] = [];
      for (const output of cell.outputs) {
        const last = outputs.at(-1);
        if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
          outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
        } else outputs.push(output);
      }
      return {
        ...cell,
        metadata: { ...rest, timed: Object.keys(Object(execution ?? {})).toSorted() },
        outputs,
      };
    }),
  };
}

test('a thousand prints are one output', async () => {
  const { notebook } = await executeNotebook(notebookOf('for i in range(1000): print(i, flush=i % 10 == 0)'), kernel);
  expect(outputsOf(notebook)).toEqual([[stdout(Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''))]]);
});

test('the notebook given is not changed, and what was in it beside outputs is kept', async () => {
  const notebook = {
    ...notebookOf({ source: 'print(1)', outputs: [stdout('old')], tags: ['x'] }),
    metadata: { mine: 1, language_info: { name: 'old' } },
  };
  const before = structuredClone(notebook);
  const { notebook: after } = await executeNotebook(notebook, kernel, { recordTiming: false });
  expect(notebook).toEqual(before);
  expect(after.metadata).toMatchObject({ mine: 1, language_info: { name: 'python', file_extension: '.py' } });
  expect(after.cells[0]).toMatchObject({ metadata: { tags: ['x'] }, outputs: [stdout('1\n')] });
  expect(after.cells[0]).toHaveProperty('execution_count', expect.any(Number));
  expect(after.cells[0]?.metadata).not.toHaveProperty('execution');
});

test('progress tells which cell of how many, and each output as it comes', async () => {
  const steps: NotebookProgress[] = [];
  const notebook = notebookOf('1', { source: '#', type: 'markdown' }, 'print(2, end="")');
  await executeNotebook(notebook, kernel, { onProgress: (step) => steps.push(step) });
  expect(steps).toMatchObject([
    { type: 'cell-started', cell: 0, position: 1, of: 2 },
    { type: 'output', cell: 0, output: { output_type: 'execute_result' } },
    { type: 'cell-ended', cell: 0, position: 1, of: 2, failed: false },
    { type: 'cell-started', cell: 2, position: 2, of: 2 },
    { type: 'output', cell: 2, output: stdout('2') },
    { type: 'cell-ended', cell: 2, position: 2, of: 2, failed: false },
  ]);
});

describe('a run ends early', () => {
  test('at a cell that fails, keeping what came before and leaving what comes after', async () => {
    const later = { source: 'print("not reached")', outputs: [stdout('from another day')] };
    const { notebook, failure, failedCell } = await executeNotebook(notebookOf('print(1)', '1 / 0', later), kernel);
    expect(failure).toMatchObject({ code: 'cell-failed', message: 'Cell 2 raised ZeroDivisionError.' });
    expect(failedCell).toBe(1);
    expect(outputsOf(notebook)).toMatchObject([[stdout('1\n')], [{ ename: 'ZeroDivisionError' }], later.outputs]);
  });

  test('not at one that may fail', async () => {
    const cells = [{ source: '1 / 0', tags: ['raises-exception'] }, 'print("on")'];
    const { notebook, failure } = await executeNotebook(notebookOf(...cells), kernel);
    expect(failure).toBeUndefined();
    expect(outputsOf(notebook)[1]).toEqual([stdout('on\n')]);
  });

  test('at a cell that takes too long, which is interrupted', async () => {
    const cells = ['print("begun")\nwhile True: pass', 'print("not reached")'];
    const { notebook, failure } = await executeNotebook(notebookOf(...cells), kernel, {
      timeout: 500,
      allowErrors: true,
    });
    expect(failure).toMatchObject({ code: 'cell-timeout', message: 'Cell 1 did not end within 0.5 s.' });
    expect(outputsOf(notebook)).toMatchObject([[stdout('begun\n'), { ename: 'KeyboardInterrupt' }], []]);
    expect((await executeNotebook(notebookOf('print("alive")'), kernel)).failure).toBeUndefined();
  });

  test('when it is told to, at once or in the middle of a cell', async () => {
    const never = await executeNotebook(notebookOf('1'), kernel, { signal: AbortSignal.abort() });
    expect(never).toMatchObject({ failure: { code: 'interrupted' }, notebook: { cells: [{ execution_count: null }] } });
    const stop = new AbortController();
    const { notebook, failure } = await executeNotebook(notebookOf('print("begun")\nwhile True: pass', '2'), kernel, {
      signal: stop.signal,
      allowErrors: true,
      onProgress: ({ type }) => {
        if (type === 'output') stop.abort();
      },
    });
    expect(failure).toMatchObject({ code: 'interrupted', message: 'The run was interrupted at cell 1.' });
    expect(outputsOf(notebook)).toMatchObject([[stdout('begun\n'), { ename: 'KeyboardInterrupt' }], []]);
  });

  test('also when the cell will not be interrupted', async () => {
    const own = await services.kernels.startNew({ name: 'python3' });
    const code = 'import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print("begun")\nwhile True: pass';
    const { notebook, failure } = await executeNotebook(notebookOf(code), own, {
      timeout: 500,
      interruptTimeout: 300,
    });
    expect(failure?.code).toBe('cell-timeout');
    expect(outputsOf(notebook)).toEqual([[stdout('begun\n')]]);
    await own.shutdown();
  });

  test('when the kernel dies, or is dead already', async () => {
    const own = await services.kernels.startNew({ name: 'python3' });
    const cells = ['print("last words", flush=True)\nimport os, time; time.sleep(0.3); os._exit(1)', '2'];
    const { notebook, failure, failedCell } = await executeNotebook(notebookOf(...cells), own);
    expect(failure?.code).toBe('kernel-died');
    expect(failedCell).toBe(0);
    expect(outputsOf(notebook)[0]).toEqual([stdout('last words\n')]);
    expect((await executeNotebook(notebookOf('1'), own)).failure?.code).toBe('kernel-died');
  });
});

test('input is refused by the kernel instead of awaited', async () => {
  const { failure } = await executeNotebook(notebookOf('input()'), kernel);
  expect(failure).toMatchObject({ code: 'cell-failed', data: { ename: 'StdinNotImplementedError' } });
});

test('the state of widgets is kept, buffers included', async () => {
  const cell = `from comm import create_comm
c = create_comm(target_name="jupyter.widget", data={"state": {"_model_name": "M", "_model_module": "m", "v": 1}, "buffer_paths": []})
c.send({"method": "update", "state": {"v": 2}, "buffer_paths": [["b"]]}, buffers=[b"bytes"])
c.send({"method": "custom", "content": {}})
create_comm(target_name="other", data={"x": 1})
print(c.comm_id)`;
  const { notebook } = await executeNotebook(notebookOf(cell), kernel);
  const [output] = outputsOf(notebook)[0] ?? [];
  const id = output?.output_type === 'stream' ? output.text.trim() : '';
  expect(notebook.metadata['widgets']).toEqual({
    'application/vnd.jupyter.widget-state+json': {
      version_major: 2,
      version_minor: 0,
      state: {
        [id]: {
          model_name: 'M',
          model_module: 'm',
          model_module_version: null,
          state: { _model_name: 'M', _model_module: 'm', v: 2 },
          buffers: [{ data: Buffer.from('bytes').toString('base64'), encoding: 'base64', path: ['b'] }],
        },
      },
    },
  });
});
