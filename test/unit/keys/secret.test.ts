import assert from 'node:assert';
import { format, inspect } from 'node:util';
import v8 from 'node:v8';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '#src/keys/secret.js';
import { encodeZ85 } from '#src/keys/z85.js';
import { runNode } from '../../support/run-node.js';

const TEXT = 'MARKERmarkerMARKERmarkerMARKER12';
const BYTES = new TextEncoder().encode(TEXT);
const secret = Secret.fromBytes(BYTES);
const anything: unknown = secret;

/** Every way in which the bytes could be written. */
const WRITINGS = [
  TEXT.slice(0, 8),
  Buffer.from(BYTES.subarray(0, 8)).toString('hex'),
  Buffer.from(BYTES.subarray(0, 9)).toString('base64'),
  encodeZ85(BYTES).slice(0, 10),
  [...BYTES.subarray(0, 4)].join(','),
  [...BYTES.subarray(0, 4)].join(', '),
];

function expectHidden(printed: string): void {
  for (const writing of WRITINGS) expect(printed.toLowerCase()).not.toContain(writing.toLowerCase());
}

const holder = { list: [secret], map: new Map([[secret, secret]]), set: new Set([secret]), deep: { er: { secret } } };

const PRINTERS: Readonly<Record<string, () => string>> = {
  'String()': () => String(secret),
  // oxlint-disable-next-line typescript/restrict-template-expressions -- that is the mistake that must do no harm
  'a template string': () => `a ${anything}`,
  'toString()': () => secret.toString(),
  'toLocaleString()': () => secret.toLocaleString(),
  'Array.join': () => [secret, secret].join(),
  'JSON.stringify': () => JSON.stringify(secret),
  'JSON.stringify of a holder': () => JSON.stringify({ a: [secret], b: { secret } }),
  'util.inspect': () => inspect(secret),
  'util.inspect with everything on': () =>
    inspect(secret, { showHidden: true, depth: Infinity, getters: true, showProxy: true, maxArrayLength: null }),
  'util.inspect at depth -1': () => inspect(secret, { depth: -1 }),
  'util.inspect of a holder': () => inspect(holder, { showHidden: true, depth: Infinity, getters: true }),
  'util.inspect without custom inspection': () =>
    inspect(secret, { customInspect: false, showHidden: true, getters: true }),
  'util.format %s': () => format('%s', secret),
  'util.format %o': () => format('%o', secret),
  'util.format %O': () => format('%O', secret),
  'util.format %j': () => format('%j', secret),
  'an error with it as cause': () => inspect(new Error('failed', { cause: secret }), { showHidden: true, depth: 9 }),
  'an error with it as property': () => inspect(Object.assign(new Error('failed'), { secret }), { showHidden: true }),
  'an AggregateError of it': () => inspect(new AggregateError([secret]), { showHidden: true }),
  'a message of node:assert': () => messageOf(() => assert.deepStrictEqual(secret, { other: 1 })),
  'a message of node:assert about holders': () => messageOf(() => assert.deepStrictEqual(holder, { list: [1] })),
  'a message of jest': () => messageOf(() => expect(holder).toEqual({ list: [1] })),
};

describe('a secret', () => {
  test.each(Object.entries(PRINTERS))('is [secret] in %s', (_, print) => {
    const printed = print();
    expect(printed).toMatch(/\[secret\]/);
    expectHidden(printed);
  });

  test('is [secret] and no more to util.inspect, which console.log uses', () => {
    expect(inspect(secret)).toBe('[secret]');
    expect(inspect({ secret })).toBe('{ secret: [secret] }');
  });

  test('is NaN as a number and has no bytes to enumerate, spread or assign', () => {
    expect(Number(secret)).toBeNaN();
    expect(format('%d %i', secret, secret)).toBe('NaN NaN');
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(Object.entries(secret)).toEqual([]);
    expect(Object.assign({}, secret)).toEqual({});
    expect(Object.getOwnPropertyDescriptors(secret)).toEqual({});
  });

  test('arrives empty when cloned, posted or serialised', () => {
    expectHidden(inspect(structuredClone({ secret }), { showHidden: true, depth: 9 }));
    expectHidden(v8.serialize({ secret }).toString('latin1'));
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage({ secret });
      expect(receiveMessageOnPort(port2)).toEqual({ message: { secret: {} } });
    } finally {
      port1.close();
    }
  });

  test('arrives empty in a worker thread', async () => {
    const code = `const { parentPort, workerData } = require('node:worker_threads');
      parentPort.postMessage(require('node:util').inspect(workerData, { showHidden: true, depth: 9 }));`;
    const worker = new Worker(code, { eval: true, workerData: { secret } });
    const seen = await new Promise<string>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expectHidden(seen);
  });

  test('is [secret] in everything that a process prints, up to its last words', async () => {
    const { stdout, stderr } = await runNode(`
      import { Secret } from '#src/keys/secret.js';
      const secret = Secret.fromText('${TEXT.slice(0, 16)}' + '${TEXT.slice(16)}');
      console.log(secret, { secret }, [secret], 'text %s %o %O %j', secret, secret, secret, secret);
      console.error(secret); console.dir(secret, { showHidden: true, depth: null }); console.table([{ secret }]);
      console.trace(secret); process.emitWarning(String(secret)); console.assert(false, secret);
      Promise.reject(secret).catch((reason) => console.log(reason));
      setTimeout(() => { throw Object.assign(new Error('the end', { cause: secret }), { secret, list: [secret] }); });
    `);
    expect(stdout).toMatch(/\[secret\]/);
    expect(stderr).toMatch(/the end[^]*\[secret\]/);
    // The source line that node quotes for an uncaught error is the last one, which holds no key.
    expectHidden(stdout + stderr);
  });

  test('is [secret] when it is thrown itself', async () => {
    const { stderr, status } = await runNode(
      `
      import { Secret } from '#src/keys/secret.js';
      const secret = Secret.fromText(process.argv[1]);
      await Promise.reject(secret);
    `,
      [TEXT],
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('[secret]');
    expectHidden(stderr);
  });

  test('gives its bytes to those who ask for them', () => {
    expect(secret.byteLength).toBe(32);
    expect(secret.expose((bytes) => [...bytes])).toEqual([...BYTES]);
    expect(secret.exposeText()).toBe(TEXT);
    expect(Secret.fromText('ключ 🔑').exposeText()).toBe('ключ 🔑');
    expect(Secret.fromText('\ufeffx').exposeText()).toBe('\ufeffx');
    expect(() => Secret.fromBytes(Uint8Array.of(0xff)).exposeText()).toThrow(
      expect.objectContaining({ name: 'TypeError' }),
    );
  });

  test('holds a copy: the buffer it was made from may be overwritten', () => {
    const source = Uint8Array.from(BYTES);
    const copy = Secret.fromBytes(source);
    source.fill(0);
    expect(copy.equals(secret)).toBe(true);
  });

  test('equals the same bytes only, of any length', () => {
    expect(secret.equals(Secret.fromText(TEXT))).toBe(true);
    expect(secret.equals(Secret.fromText(TEXT.toLowerCase()))).toBe(false);
    expect(secret.equals(Secret.fromText(`${TEXT}!`))).toBe(false);
    expect(secret.equals(Secret.fromText(''))).toBe(false);
  });

  test('is zero after wiping, and is not lent any more', () => {
    const wiped = Secret.fromText(TEXT);
    const view = wiped.expose((bytes) => bytes);
    wiped.wipe();
    wiped.wipe();
    expect([...view]).toEqual(Array.from({ length: 32 }, () => 0));
    expect(() => wiped.expose(() => 'used')).toThrow(TypeError);
    expect(() => wiped.exposeText()).toThrow(TypeError);
    expect(() => secret.equals(wiped)).toThrow(TypeError);
    expect(String(wiped)).toBe('[secret]');
  });

  test('is wiped where its block ends', () => {
    const disposed = Secret.fromText(TEXT);
    disposed[Symbol.dispose]();
    expect(() => disposed.exposeText()).toThrow(TypeError);
  });

  test('is not made of text by mistake, nor of anything else', () => {
    for (const wrong of ['"text"', '32', 'null', '[1, 2]', '{"length": 2}']) {
      expect(() => Secret.fromBytes(JSON.parse(wrong))).toThrow(TypeError);
    }
    expect(() => Secret.fromText(JSON.parse('5'))).toThrow(TypeError);
  });
});

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    return String(error) + inspect(error, { showHidden: true, depth: 9 });
  }
  throw new Error('nothing was thrown');
}
