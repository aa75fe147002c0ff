import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook } from '../../support/kernel/recorded-cell.js';

const notebook = openNotebook();
afterAll(() => notebook.language.close?.('shutdown'));
const { run } = notebook;

async function shown(code: string): Promise<unknown> {
  const { cell, traceback } = await run(code);
  expect(traceback).toBe('');
  return cell.events.flatMap((each) => (each.kind === 'display' || each.kind === 'result' ? [each.data] : []))[0];
}

describe('a value is shown as what it is', () => {
  test.each([
    ['html', 'html`<b>${1 + 1}</b>`', { 'text/html': '<b>2</b>', 'text/plain': '<b>2</b>' }],
    ['svg', 'display(svg`<svg/>`)', { 'image/svg+xml': '<svg/>' }],
    ['markdown', 'md("*x*")', { 'text/markdown': '*x*' }],
    ['LaTeX', 'latex`\\frac{1}{2}`', { 'text/latex': '\\frac{1}{2}' }],
    ['JSON', 'Jupyter.json({ a: [1n] })', { 'application/json': { a: ['1'] } }],
    [
      'a bundle of its own',
      '({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<i>" }) })',
      { 'text/html': '<i>' },
    ],
    [
      'a bundle that it must wait for',
      '({ async [Jupyter.$display]() { await 0; return { "text/plain": "waited" } } })',
      { 'text/plain': 'waited' },
    ],
    ['raw', 'display({ "text/plain": "raw" }, { raw: true })', { 'text/plain': 'raw' }],
    ['PNG', 'Buffer.from("89504e470d0a1a0a00", "hex")', { 'image/png': 'iVBORw0KGgoA' }],
    ['JPEG', 'new Uint8Array([0xff, 0xd8, 0xff, 0])', { 'image/jpeg': '/9j/AA==' }],
    ['canvas', '({ toDataURL: () => "data:image/png;base64,AAAA" })', { 'image/png': 'AAAA' }],
    ['element', '({ outerHTML: "<p>x</p>" })', { 'text/html': '<p>x</p>' }],
    ['SVG element', '({ outerHTML: "<svg></svg>" })', { 'image/svg+xml': '<svg></svg>' }],
    [
      'Vega-Lite',
      '({ $schema: "https://vega.github.io/schema/vega-lite/v5.json", mark: "bar" })',
      { 'application/vnd.vegalite.v5+json': { mark: 'bar' } },
    ],
    [
      'a plot that makes Vega',
      '({ toSpec: () => ({ $schema: "https://vega.github.io/schema/vega/v5.json" }) })',
      { 'application/vnd.vega.v5+json': {} },
    ],
    [
      'Plotly',
      '({ data: [{ y: [1] }], layout: { title: "t" } })',
      { 'application/vnd.plotly.v1+json': { data: [{ y: [1] }], layout: { title: 't' } } },
    ],
    [
      'table',
      '({ schema: {}, head() { return this }, toRecords: () => [{ a: "<" }] })',
      { 'text/html': '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&#60;</td></tr></tbody></table>' },
    ],
    ['text', '[1, "a"]', { 'text/plain': "[ 1, 'a' ]" }],
  ])('%s', async (_what, code, expected) => {
    expect(await shown(code)).toMatchObject(expected);
  });

  test('without running code of a proxy, and with text where a look-alike fails', async () => {
    const asNodeShowsIt = { 'text/plain': inspect(new Proxy({}, {})) }; // From Node 26 on with the word Proxy.
    expect(
      await shown('new Proxy({}, { get(_, key) { if (typeof key === "string") throw new Error("asked") } })'),
    ).toEqual(asNodeShowsIt);
    expect(await shown('new Proxy({}, { get: () => () => 1 })')).toEqual(asNodeShowsIt);
    expect(await shown('({ toDataURL() { throw new Error("no canvas") } })')).toHaveProperty(['text/plain']);
    const cyclic = 'const figure: any = { data: [], layout: {} }; figure.layout.figure = figure; figure';
    expect(await shown(cyclic)).toEqual({ 'text/plain': expect.stringContaining('Circular') });
    const vega = 'const v: any = { $schema: "https://vega.github.io/schema/vega/v5.json" }; v.v = v; v';
    expect(await shown(vega)).toEqual({ 'text/plain': expect.stringContaining('Circular') });
  });
});

test('display of a value that must be waited for is no result, but its failure is one of the cell', async () => {
  const { cell } = await run('display({ async [Jupyter.$display]() { return { "text/plain": "waited" } } })');
  expect(cell.events).toEqual([expect.objectContaining({ kind: 'display', data: { 'text/plain': 'waited' } })]);
  const failed = await run('display({ async [Jupyter.$display]() { throw new RangeError("sour") } })');
  expect(failed).toMatchObject({ ename: 'RangeError', evalue: 'sour' });
});

test('what is long arrives to the letter, with what goes with it, whatever cells did to the builtins', async () => {
  const long = 'a"b\\c\n\u0000é😀'.repeat(20_000) + 'x'.repeat(100_000);
  const text = `'a"b\\\\c\\n\\u0000é😀'.repeat(20_000) + 'x'.repeat(100_000)`;
  const spoil = 'for (const name of ["map", "reduce", "flatMap"]) Array.prototype[name] = () => "spoilt"; ';
  for (const before of ['', spoil, 'JSON.stringify = () => "spoilt"; ']) {
    const { cell } = await run(
      `${before}display({ "text/plain": ${text}, "application/json": { n: [1.5] } }, { raw: true, displayId: "one", metadata: { a: 1 } }); 0`,
    );
    expect(cell.events[0]).toEqual({
      kind: 'display',
      data: { 'text/plain': long, 'application/json': { n: [1.5] } },
      options: { metadata: { a: 1 }, displayId: 'one' },
    });
  }
});

describe('a wrong argument is a TypeError of the cell, and costs no variables', () => {
  test.each([
    'display("x", { raw: true })',
    'display([1], { raw: true })',
    'display({ "text/html": ["<b>"] }, { raw: true })',
    'display("x", { metadata: 5 })',
    'display({ [Jupyter.$display]: () => ({ "text/plain": 5 }) })',
    'let deep = {}; for (let i = 0; i < 1000; i++) deep = { deep }; display({ "application/json": deep }, { raw: true })',
    'Jupyter.broadcast("comm_open", undefined)',
    'Jupyter.broadcast("comm_open", [])',
    'Jupyter.broadcast("comm_open", {}, { metadata: 5 })',
    'Jupyter.broadcast("comm_open", {}, { buffers: ["bytes"] })',
    'Jupyter.broadcast("comm_open", {}, { buffers: 5 })',
    'await input("x", null)',
  ])('%s', async (code) => {
    await run('var kept = 42');
    expect((await run(code)).ename).toBe('TypeError');
    expect((await run('kept')).result).toBe('42');
  });

  test('and what can be understood is', async () => {
    const { cell } = await run(
      'clearOutput({ wait: true }); display("x", { displayId: 5 }); await input(6); void prompt(7)',
      {
        answers: ['', ''],
      },
    );
    expect(cell.events).toMatchObject([
      { kind: 'clear', wait: true },
      { kind: 'display', options: { displayId: '5' } },
      { kind: 'input', prompt: '6' },
      { kind: 'input', prompt: '7 ' },
    ]);
  });
});

test('what is paged comes with the reply; once there was one, it is shown', async () => {
  const { outcome, cell } = await run(
    'page("to read"); page(html`<b>x</b>`); let turn: any; void new Promise((done) => (turn = done)).then(() => page("late")); 1',
  );
  expect(outcome).toMatchObject({
    status: 'ok',
    payload: [
      { source: 'page', data: { 'text/plain': 'to read' }, start: 0 },
      { source: 'page', data: { 'text/html': '<b>x</b>' } },
    ],
  });
  await run('turn(); await 0');
  expect(cell.events).toContainEqual(expect.objectContaining({ kind: 'display', data: { 'text/plain': 'late' } }));
});

test('display ids, updates, metadata and clearing reach the cell in order', async () => {
  const { cell } = await run(
    'display(1, { displayId: "one", metadata: { a: 1 } }); display(2, { display_id: "one", update: true }); clearOutput(true); clearOutput()',
  );
  expect(cell.events).toEqual([
    { kind: 'display', data: { 'text/plain': '1' }, options: { metadata: { a: 1 }, displayId: 'one' } },
    { kind: 'display', data: { 'text/plain': '2' }, options: { metadata: {}, displayId: 'one', update: true } },
    { kind: 'clear', wait: true },
    { kind: 'clear', wait: false },
  ]);
});

test('comm messages go out with their buffers, and no other type does', async () => {
  const { cell } = await run(
    'Jupyter.broadcast("comm_msg", { comm_id: "c" }, { buffers: [new Uint8Array([1, 2]), new Uint8Array(0)] })',
  );
  expect(cell.events).toEqual([
    {
      kind: 'publish',
      msgType: 'comm_msg',
      content: { comm_id: 'c' },
      buffers: [Buffer.from([1, 2]), Buffer.alloc(0)],
    },
  ]);
  const views = await run(
    'Jupyter.broadcast("comm_msg", {}, { buffers: [new Uint8Array([3]).buffer, new Uint16Array([4]), new DataView(new Uint8Array([5, 6]).buffer, 1)] })',
  );
  expect(views.cell.events).toMatchObject([{ buffers: [Buffer.from([3]), Buffer.from([4, 0]), Buffer.from([6])] }]);
  expect((await run('Jupyter.broadcast("status", { execution_state: "idle" })')).ename).toBe('TypeError');
});
