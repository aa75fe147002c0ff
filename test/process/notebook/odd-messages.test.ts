/** What is read of kernels whose messages are odd in one way, and what is said of those that cannot be read. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Kernel } from '@jupyterlab/services';
import { join } from 'node:path';
import { attach } from '#src/manager/services/attach.js';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { isCurveKernelError, type ErrorCode } from '#src/errors.js';
import { executeNotebook, type ExecutedNotebook } from '#src/notebook/execute-notebook.js';
import { formatNotebook } from '#src/notebook/format-notebook.js';
import type { Notebook, Output } from '#src/notebook/notebook.js';
import { parseNotebook } from '#src/notebook/read-notebook.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { openServices } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';
import { pythonNbformat, runPython } from '../../support/python-nbformat.js';

const HEADERS = [
  'username-number',
  'username-null',
  'date-number',
  'date-missing',
  'version-missing',
  'version-number',
  'session-number',
  'session-missing',
  'session-new',
  'id-number',
  'header-large',
  'header-nan',
  'header-twice',
];
const PARENTS = [
  'subshell-object',
  'subshell-list',
  'parent-id-only',
  'parent-texts-as-numbers',
  'parent-null',
  'parent-list',
];
const METADATA = ['metadata-list', 'metadata-null', 'metadata-text', 'metadata-nan'];
const CONTENTS = ['bare-null', 'bare-list', 'bare-text', 'reply-without-status'];
const ERRORS = ['traceback-text', 'traceback-missing', 'error-numbers'];
const STREAMS = ['stream-list', 'stream-number', 'stream-null', 'stream-latin-1', 'stream-surrogate'];
const DISPLAYS = ['nan', 'infinity', 'nan-in-text', 'number-large', 'lines'];
const COUNTS = [
  'count-1e300',
  'count-negative',
  'count-fraction',
  'count-text',
  'count-null',
  'count-2-63',
  'count-nan',
  'count-list',
];
const READABLE = [...HEADERS, ...PARENTS, ...METADATA, ...CONTENTS, ...ERRORS, ...STREAMS, ...DISPLAYS, ...COUNTS];

interface OfNbclient {
  readonly error?: string;
  readonly outputs?: readonly (readonly Output[])[];
}

/** The code of what is said, and whether a cell fails by it. */
const UNREADABLE: Readonly<Record<string, { readonly code: ErrorCode; readonly failed: boolean }>> = {
  'reply-content-broken': { code: 'message-malformed', failed: true },
  'reply-header-broken': { code: 'message-malformed', failed: true },
  'reply-broken': { code: 'message-malformed', failed: true },
  'reply-unsigned': { code: 'message-unsigned', failed: true },
  'output-content-broken': { code: 'message-malformed', failed: true },
  'output-header-broken': { code: 'message-malformed', failed: true },
  // Nothing tells that it belongs to the cell, or what it was.
  'output-broken': { code: 'message-malformed', failed: false },
  'idle-content-broken': { code: 'message-malformed', failed: false },
  'idle-broken': { code: 'message-malformed', failed: false },
};

let workplace: Workplace;
let services: LocalServices;
let nbclient: Readonly<Record<string, OfNbclient>>;
const errors = new Map<string, unknown[]>();
beforeAll(async () => {
  workplace = await createWorkplace();
  await Promise.all(['none', ...READABLE, ...Object.keys(UNREADABLE), 'info-broken'].map((name) => describeOdd(name)));
  services = await openServices(workplace, {
    transportEncryption: 'disabled',
    onError: (id, error) => void errors.set(id, [...(errors.get(id) ?? []), error]),
  });
  await runAll([...Object.keys(UNREADABLE), ...READABLE]);
  const answer = await runPython('run_odd_kernels.py', JSON.stringify(READABLE), { ...process.env, ...workplace.env });
  nbclient = JSON.parse(answer);
}, 300_000);
afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

const describeOdd = (name: string): Promise<void> =>
  workplace.describe(
    name,
    [pythonPath(), join(repository, 'test/support/kernel/programs/odd-messages.py'), name, '{connection_file}'],
    { metadata: {} },
  );

function notebook(): Notebook {
  const cells = ['a', 'b'].map((source) => ({
    cell_type: 'code',
    id: `cell-${source}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  return parseNotebook(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }), 'odd.ipynb');
}

async function withKernel<T>(name: string, use: (kernel: Kernel.IKernelConnection) => Promise<T>): Promise<T> {
  const kernel = await services.kernels.startNew({ name }, { handleComms: false });
  try {
    return await use(kernel);
  } finally {
    await kernel.shutdown();
    kernel.dispose();
  }
}

const run = (name: string): Promise<{ readonly ran: ExecutedNotebook; readonly said: readonly unknown[] }> =>
  withKernel(name, async (kernel) => {
    const ran = await executeNotebook(notebook(), kernel, { allowErrors: true });
    return { ran, said: errors.get(kernel.id) ?? [] };
  });

/** All that are run, a few at a time: most of the time of each is spent waiting for processes. */
const results = new Map<string, Promise<Awaited<ReturnType<typeof run>>>>();
const problems = new Map<string, string | null | undefined>();

async function runAll(names: readonly string[]): Promise<void> {
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const running = run(name);
      results.set(name, running);
      await running.catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  const ran = await Promise.all(READABLE.map(async (name) => formatNotebook((await result(name)).ran.notebook)));
  for (const [at, { problem }] of (await pythonNbformat(ran)).entries()) problems.set(READABLE[at] ?? '', problem);
}

async function result(name: string): Promise<Awaited<ReturnType<typeof run>>> {
  const found = await results.get(name);
  if (found === undefined) throw new Error(`${name} was not run`);
  return found;
}

const outputsOf = ({ notebook: { cells } }: ExecutedNotebook): readonly (readonly Output[])[] =>
  cells.map((cell) => (cell.cell_type === 'code' ? cell.outputs : []));

/** Nbclient writes lines as they came, we join them as nbformat's own writer takes them for one text. */
const joined = (outputs: readonly (readonly Output[])[]): unknown =>
  JSON.parse(
    JSON.stringify(outputs, (name, value: unknown) =>
      (name === 'text' || name === 'text/plain') && Array.isArray(value) ? value.join('') : value,
    ),
  );

/** Where a notebook of ours says something else than that of nbclient, for a reason: see decision 10. */
const DIFFERENT = new Set(['count-null', 'count-2-63']);

const more = (name: string): readonly string[] => {
  if (DISPLAYS.includes(name)) return ['display_data'];
  if (COUNTS.includes(name)) return ['execute_result'];
  return ERRORS.includes(name) ? ['error'] : [];
};

describe('nothing is lost of a kernel with', () => {
  test.each(READABLE)('%s, and the notebook is valid', async (name) => {
    const { ran, said } = await result(name);
    const outputs = outputsOf(ran);
    expect(said).toEqual([]);
    expect(ran.failure).toBeUndefined();
    const types = ['stream', ...more(name)];
    expect(outputs.map((some) => some.map((output) => output.output_type))).toEqual([types, types]);
    expect(problems.get(name)).toBeNull();
    const { outputs: ofNbclient } = nbclient[name] ?? {};
    if (ofNbclient !== undefined && !DIFFERENT.has(name)) expect(joined(outputs)).toEqual(joined(ofNbclient));
  });

  test('a count that nbformat does not take, has null in its place', async () => {
    for (const name of ['count-1e300', 'count-negative', 'count-fraction', 'count-nan']) {
      const { ran } = await result(name);
      for (const cell of ran.notebook.cells) expect(cell).toMatchObject({ execution_count: null });
    }
  });

  test('a count that only JavaScript does not keep, has it', async () => {
    const { ran } = await result('count-2-63');
    const written = formatNotebook(ran.notebook);
    expect(written.match(/"execution_count": 9223372036854775808,/g)).toHaveLength(4);
    expect(formatNotebook(parseNotebook(written, 'again'))).toBe(written);
  });

  test.each(['none', 'subshell-object', 'metadata-list', 'parent-id-only', 'session-new', 'nan'])(
    '%s, when it is attached to',
    async (name) => {
      const managed = await workplace.start(name, { transportEncryption: 'disabled' });
      const said: unknown[] = [];
      await using attached = await attach(managed.connectionFile, {
        handleComms: false,
        onError: (error) => void said.push(error),
      });
      const ran = await executeNotebook(notebook(), attached.connection);
      expect(ran.failure).toBeUndefined();
      expect(outputsOf(ran).map((some) => some[0])).toMatchObject([{ text: 'out a\n' }, { text: 'out b\n' }]);
      expect(said).toEqual([]);
    },
  );
});

const NOTE = /^\[jupyter-curve\] .* could not be read: the .* is not JSON\.\n$/;

describe('what cannot be read is said, and what waits for it ends:', () => {
  test.each(Object.entries(UNREADABLE))('%s', async (name, { code, failed }) => {
    const { ran, said } = await result(name);
    expect(said.map((error) => (isCurveKernelError(error) ? error.code : error))).toEqual(said.map(() => code));
    expect(said.length).toBeGreaterThanOrEqual(2);
    expect(ran.failure).toBeUndefined();
    const texts = outputsOf(ran).map((some) => some.map((output) => ('text' in output ? output.text : '')).join(''));
    const lost = name.startsWith('output') ? (failed ? expect.stringMatching(NOTE) : '') : undefined;
    expect(texts).toEqual([lost ?? 'out a\n', lost ?? 'out b\n']);
    if (!failed) return;
    // Without --allow-errors, the run ends at the cell that lost something.
    const strict = await withKernel(name, (kernel) => executeNotebook(notebook(), kernel));
    expect(strict).toMatchObject({ failure: { code: 'message-unreadable' }, failedCell: 0 });
  });

  test('a request of another client of the library gets an error reply', async () => {
    const reply = await withKernel('reply-content-broken', (kernel) => kernel.requestExecute({ code: 'a' }).done);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'MessageUnreadable' });
  });

  test('a kernel whose kernel_info_reply is unreadable does not start, and not after a minute either', async () => {
    await expect(workplace.start('info-broken', { transportEncryption: 'disabled' })).rejects.toMatchObject({
      code: 'message-unreadable',
      message: expect.stringContaining('kernel_info_reply'),
    });
  });
});
