import { afterAll, describe, expect, test } from '@jest/globals';
import { openNotebook } from './recorded-cell.js';

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
    expect(
      await shown('new Proxy({}, { get(_, key) { if (typeof key === "string") throw new Error("asked") } })'),
    ).toEqual({ 'text/plain': '{}' });
    expect(await shown('({ toDataURL() { throw new Error("no canvas") } })')).toHaveProperty(['text/plain']);
  });
});

test('what is paged comes with the reply; once there was one, it is shown', async () => {
  const { outcome, cell } = await run('page("to read"); page(html`<b>x</b>`); setTimeout(page, 300, "late"); 1');
  expect(outcome).toMatchObject({
    status: 'ok',
    payload: [
      { source: 'page', data: { 'text/plain': 'to read' }, start: 0 },
      { source: 'page', data: { 'text/html': '<b>x</b>' } },
    ],
  });
  await run('await new Promise((done) => setTimeout(done, 600))');
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
  expect((await run('Jupyter.broadcast("status", { execution_state: "idle" })')).ename).toBe('TypeError');
});
