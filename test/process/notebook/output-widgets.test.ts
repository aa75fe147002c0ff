/** What is printed inside an Output widget of ipywidgets belongs into the widget, as nbclient has it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { executeNotebook, type ExecutedNotebook } from '#src/notebook/execute-notebook.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook, Output } from '#src/notebook/notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { openServices } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';
import { notebookOf } from '../../support/notebook-of.js';
import { pythonNbformat, runPython } from '../../support/python-nbformat.js';

let workplace: Workplace;
let services: LocalServices;

beforeAll(async () => {
  workplace = await createWorkplace();
  services = await openServices(workplace, { autoRestart: false });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

async function execute(notebook: Notebook, shown: Output[] = []): Promise<ExecutedNotebook> {
  const kernel = await services.kernels.startNew({ name: 'python3' }, { handleComms: false });
  try {
    return await executeNotebook(notebook, kernel, {
      recordTiming: false,
      onProgress: (step) => void (step.type === 'output' && shown.push(step.output)),
    });
  } finally {
    await kernel.shutdown();
  }
}

interface Model {
  readonly model_name: string;
  readonly state: { readonly outputs: readonly Output[]; readonly msg_id: string };
}

const anonymous = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/[0-9a-f]{32}/g, 'ID')
      .replaceAll(/ipykernel_\d+/g, 'ipykernel'),
  );

/** What the Output widgets of a notebook show, and what its cells do. Ids are random. */
function shownIn({ metadata, cells }: Notebook): { widgets: unknown; cells: unknown } {
  const { 'application/vnd.jupyter.widget-state+json': widgets }: Record<string, { state: Record<string, Model> }> =
    JSON.parse(JSON.stringify(metadata['widgets'] ?? {}));
  const models = Object.values(widgets?.state ?? {}).filter(({ model_name: name }) => name === 'OutputModel');
  expect(models.map(({ state }) => state.msg_id)).toEqual(models.map(() => ''));
  const outputs = models.map(({ state }) => state.outputs);
  return {
    widgets: anonymous(outputs.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))),
    cells: anonymous(cells.map((cell) => (cell.cell_type === 'code' ? merged(cell.outputs) : []))),
  };
}

/** Prints in a row count as one, however they were sent. */
function merged(outputs: readonly Output[]): readonly Output[] {
  const rest: Output[] = [];
  for (const output of outputs) {
    const last = rest.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      rest[rest.length - 1] = { ...last, text: last.text + output.text };
    } else rest.push(output);
  }
  return rest;
}

const stdout = (text: string): Output => ({ output_type: 'stream', name: 'stdout', text });

test('prints, displays, errors, clear_output and nested widgets end up as with nbclient', async () => {
  const notebook = notebookOf(
    'import sys\nfrom IPython.display import clear_output, display\nfrom ipywidgets import Output\na, b, c, d, e = (Output() for _ in range(5))\na',
    'print("before")\nwith a:\n    print("inside"); print("too")\n    print("warned", file=sys.stderr)\n    display("shown")\nprint("after")',
    'with a: print("again")',
    'with b:\n    print("outer")\n    with c: print("inner")\n    print("outer again")',
    'with d: 1 / 0',
    'print("goes on")',
    'with e:\n    print("goes"); clear_output(); print("stays")',
    'with e:\n    clear_output(wait=True); print("comes"); clear_output(wait=True)',
    'print("kept")',
    '[o["text"] for o in a.outputs if o["output_type"] == "stream"]',
  );
  const { notebook: ours, failure } = await execute(notebook);
  expect(failure).toBeUndefined();
  const text = formatNotebook(ours);
  const theirs = await runPython('run_nbclient.py', formatNotebook(notebook), { ...process.env, ...workplace.env });
  expect(shownIn(ours)).toEqual(shownIn(parseNotebook(theirs, 'nbclient')));
  // Both are right, and not only the same.
  expect(shownIn(ours).cells).toMatchObject([
    [{}],
    [stdout('before\nafter\n')],
    [],
    [],
    [],
    [stdout('goes on\n')],
    [],
    [],
    [stdout('kept\n')],
    [{}],
  ]);
  expect(JSON.stringify(shownIn(ours).widgets)).toContain('inside\\ntoo\\n');
  expect((await pythonNbformat([text]))[0]).toEqual({ text, problem: null });
  // nbclient waits seconds for each message that its own queue has lost on a busy machine.
}, 400_000);

test('the kernel is told what a widget shows, and what it sets itself counts', async () => {
  const shown: Output[] = [];
  const notebook = notebookOf(
    'from ipywidgets import Output\nout = Output()',
    'with out: print("printed")',
    'out.append_stdout("appended\\n")',
    'with out: print("printed again")',
    '"".join(o["text"] for o in out.outputs)',
  );
  const { notebook: ran } = await execute(notebook, shown);
  const whole = 'printed\nappended\nprinted again\n';
  expect(shownIn(ran).widgets).toMatchObject([[stdout('printed\n'), stdout('appended\nprinted again\n')]]);
  expect(shownIn(ran).cells).toMatchObject([
    [],
    [],
    [],
    [],
    [{ data: { 'text/plain': `'${whole.replaceAll('\n', '\\n')}'` } }],
  ]);
  // What goes into a widget is shown as it comes, too.
  expect(shown).toMatchObject([stdout('printed\n'), stdout('printed again\n'), { output_type: 'execute_result' }]);
});

test('a widget that is closed while it captures captures no more', async () => {
  const notebook = notebookOf(
    'from ipywidgets import Output\nout = Output()\nout.__enter__()\nprint("inside", flush=True)\nout.close()\nprint("below")',
  );
  const { notebook: ran } = await execute(notebook);
  expect(ran.cells[0]).toMatchObject({ outputs: [stdout('below\n')] });
});
