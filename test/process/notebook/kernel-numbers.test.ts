/** Numbers of a kernel's messages are in the notebook as nbclient and nbformat write them, value and spelling. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { join } from 'node:path';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { executeNotebook } from '#src/notebook/execute-notebook.js';
import { ExactNumber, pythonNumber } from '#src/notebook/exact-number.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook, Output } from '#src/notebook/notebook.js';
import { toOutput } from '#src/notebook/output-from-message.js';
import { parseJson } from '#src/notebook/parse-json.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { scanJson } from '#src/protocol/scan-json.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { openServices } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';
import { notebookOf } from '../../support/notebook-of.js';
import { pythonNbformat, runPython } from '../../support/python-nbformat.js';

let workplace: Workplace;
let services: LocalServices;

beforeAll(async () => {
  workplace = await createWorkplace();
  const kernel = join(repository, 'test/support/kernel/programs/odd-messages.py');
  await workplace.describe('numbers', [pythonPath(), kernel, 'numbers', '{connection_file}'], { metadata: {} });
  services = await openServices(workplace, { autoRestart: false, transportEncryption: 'disabled' });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

async function execute(name: string, notebook: Notebook): Promise<Notebook> {
  const kernel = await services.kernels.startNew({ name }, { handleComms: false });
  try {
    const { notebook: executed, failure } = await executeNotebook(notebook, kernel, { recordTiming: false });
    expect(failure).toBeUndefined();
    return executed;
  } finally {
    await kernel.shutdown();
    kernel.dispose();
  }
}

const nbclient = (name: string, notebook: Notebook): Promise<string> =>
  runPython('run_nbclient.py', formatNotebook(notebook), { ...process.env, ...workplace.env }, name, 'untimed');

const outputsOf = ({ cells }: Notebook, index: number): readonly Output[] => {
  const cell = cells[index];
  return cell?.cell_type === 'code' ? cell.outputs : [];
};

describe('numbers that JavaScript changes', () => {
  test('are written as nbclient writes them, in displays, updates, results, metadata, widgets and language_info', async () => {
    const notebook = notebookOf('a', 'b');
    const ours = formatNotebook(await execute('numbers', notebook));
    expect(`${ours}\n`.split('\n')).toEqual(`${await nbclient('numbers', notebook)}\n`.split('\n'));
    // Both are right, and not only the same: 4 in each of 3 outputs of both cells, 2 of a widget, 5 of each Output, 1 of the language.
    for (const text of ['"big": 1180591620717411303424', '"one": 1.0', '"nan": NaN', '"e": Infinity', '"neg": -0.0']) {
      expect(ours.split(text).length - 1).toBe(4 * 3 * 2 + 2 + 5 * 2 + 1);
    }
    expect((await pythonNbformat([ours]))[0]).toEqual({ text: ours, problem: null });
    expect(formatNotebook(parseNotebook(ours, 'again'))).toBe(ours);
  });

  test('are written as nbclient writes them when ipykernel shows them', async () => {
    const values = "{'x': 2**70, 'y': 1.0, 'n': float('nan'), 'i': [-float('inf'), -0.0, 1e-7, 1e16, 2**63 - 1]}";
    const notebook = notebookOf(
      `from IPython.display import display, JSON\nv = ${values}`,
      "display({'application/json': v}, raw=True, metadata={'m': v})",
      "shown = display({'application/json': {}}, raw=True, display_id=True)",
      "shown.update({'application/json': v}, raw=True)",
      'JSON(v)',
    );
    const [ours, theirs] = await Promise.all([execute('python3', notebook), nbclient('python3', notebook)]);
    expect(formatNotebook(ours)).toBe(theirs);
    expect(theirs.match(/"x": 1180591620717411303424/g)).toHaveLength(4);
  });

  test('are numbers as always for programs that use a kernel by the services', async () => {
    const kernel = await services.kernels.startNew({ name: 'numbers' }, { handleComms: false });
    try {
      const future = kernel.requestExecute({ code: 'a' });
      const shown: unknown[] = [];
      future.onIOPub = ({ header, content }) => {
        if (header.msg_type === 'execute_result') shown.push(content);
      };
      await future.done;
      const json = {
        big: 2 ** 70,
        one: 1,
        nan: NaN,
        e: Infinity,
        neg: -0,
        plain: [0, -1, 2.5, 1234567890123456, null],
      };
      expect(shown).toMatchObject([{ data: { 'application/json': json } }]);
    } finally {
      await kernel.shutdown();
      kernel.dispose();
    }
  });
});

describe('what a kernel is told of its Output widget', () => {
  test('has the numbers that it wrote, but for NaN and infinities, which not every kernel can read', async () => {
    const [output] = outputsOf(await execute('numbers', notebookOf('a', 'told')), 1).slice(-1);
    const content: unknown = parseJson(output?.output_type === 'stream' ? output.text.replace(/^out told\n/, '') : '');
    expect(content).toMatchObject({
      comm_id: 'out-a',
      data: {
        method: 'update',
        state: {
          outputs: [
            {
              output_type: 'display_data',
              data: { 'application/json': { big: new ExactNumber('1180591620717411303424'), nan: null, e: null } },
              metadata: { m: { one: new ExactNumber('1.0'), neg: new ExactNumber('-0.0') } },
            },
          ],
        },
      },
    });
  });

  test('is what ipykernel then has', async () => {
    const executed = await execute(
      'python3',
      notebookOf(
        'from ipywidgets import Output\nfrom IPython.display import display\nout = Output()',
        "with out: display({'application/json': {'x': 2**70, 'y': 1.0}}, raw=True)",
        "print(out.outputs[0]['data']['application/json'])",
      ),
    );
    expect(outputsOf(executed, 2)).toEqual([
      { output_type: 'stream', name: 'stdout', text: "{'x': 1180591620717411303424, 'y': 1.0}\n" },
    ]);
  });
});

test('a number where text belongs is text with its digits', () => {
  const exact = parseJson('9223372036854775807');
  const output = toOutput('display_data', { data: { 'text/plain': exact, 'text/html': { a: [exact, NaN, null] } } });
  expect(output).toMatchObject({
    data: { 'text/plain': '9223372036854775807', 'text/html': '{"a":[9223372036854775807,NaN,null]}' },
  });
  expect(toOutput('error', { ename: 'E', evalue: exact })).toMatchObject({ evalue: '9223372036854775807' });
});

const digits = (least: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from('00123456789')), { minLength: least, maxLength: 20 })
    .map((all) => all.join(''));
/** A number as any writer of JSON may write it. */
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc
    .tuple(fc.constantFrom('', '-'), digits(1), fc.option(digits(1)), fc.option(fc.integer({ min: -330, max: 330 })))
    .map(([sign, whole, fraction, exponent]) =>
      [sign, whole.replace(/^0+(?=.)/, ''), fraction && `.${fraction}`, exponent === null ? '' : `e${exponent}`].join(
        '',
      ),
    ),
);

test('any number is what Python makes of it', async () => {
  const numbers = [
    ...fc.sample(number, 3000),
    ...fc.sample(fc.double({ noNaN: true }).map(String), 0),
    '-0',
    '1e16',
    '1e-5',
  ];
  const empty = formatNotebook(notebookOf());
  const [python] = await pythonNbformat([empty.replace('"metadata": {}', `"metadata": {"n": [${numbers.join(',')}]}`)]);
  const ours = parseJson(`[${numbers.join(',')}]`, pythonNumber);
  expect(formatNotebook({ ...notebookOf(), metadata: { n: ours } }).split('\n')).toEqual(python?.text.split('\n'));
});

test('text is kept of all content with a number that would be written in another way', () => {
  const place = fc.constantFrom('{"a":#}', '[1,#]', '{"\\"":["\\\\",# ]}', '#');
  fc.assert(
    fc.property(number, place, (written, where) => {
      const text = where.replace('#', written);
      const isPlain = !(pythonNumber(written) instanceof ExactNumber) && String(Number(written)) === written;
      if (!isPlain) expect(scanJson(text).unusualNumbers).toBe(true);
    }),
    { numRuns: 5000 },
  );
});
