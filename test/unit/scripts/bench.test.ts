/** What `npm run bench` makes of samples. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { runNode } from '../../support/run-node.js';

/** The JSON of an expression over what a file of bench/support exports. */
async function evaluate(file: string, expression: string): Promise<unknown> {
  const path = JSON.stringify(join(repository, 'bench', 'support', file));
  const { stdout, stderr } = await runNode(
    `import * as it from ${path}; console.log(JSON.stringify(await (${expression})));`,
  );
  return stderr === '' ? JSON.parse(stdout) : stderr;
}

test.each([
  ['it.median([3, 1, 2])', 2],
  ['it.median([4, 1, 3, 2])', 2.5],
  ['it.median([10, 9, 100])', 10],
  ['it.quantile([1, 2, 3, 4, 5], 0.25)', 2],
  ['it.quantile([1, 2], 0.95)', 1.95],
  ['it.quantile([7], 0.25)', 7],
  ['it.spread([1, 2, 3, 4, 5])', { median: 3, low: 2, high: 4 }],
  // The machine was ten times slower in the second round; the third lacks one of both.
  ['it.paired([[1, 2, 3], [20], []], [[4], [30, 50], [1]])', [0.5, 0.5]],
  ['it.paired([[5]], [[2]], (a, b) => a - b)', [3]],
])('%s is %j', async (expression, value) => {
  expect(await evaluate('statistics.mjs', expression)).toEqual(value);
});

const samples = JSON.stringify({ trip: { ours: [[1, 3], [4]], theirs: [[4], [4, 8]] } });

test.each([
  ["{ of: ['trip', 'ours'], over: ['trip', 'theirs'], atMost: 0.7 }", { ours: 3, theirs: 4, value: 0.75, met: false }],
  ["{ of: ['trip', 'ours'], over: ['trip', 'theirs'], atLeast: 0.7 }", { value: 0.75, goal: '≥ 0.7', met: true }],
  ["{ of: ['trip', 'theirs'], minus: ['trip', 'ours'] }", { value: 1, rounds: { median: 2, low: 2, high: 2 } }],
  ["{ of: ['trip', 'theirs'], take: 'most', atMost: 8 }", { ours: 8, value: 8, met: true }],
])('of a row %s', async (row, result) => {
  expect(await evaluate('rows.mjs', `it.evaluate(${row}, ${samples})`)).toMatchObject(result);
});

test('a row without samples has no result', async () => {
  const row = "{ of: ['trip', 'ours'], over: ['trip', 'third'] }";
  expect(await evaluate('rows.mjs', `it.evaluate(${row}, ${samples}) ?? null`)).toBeNull();
});

test('each turn calls every contestant once, in another order', async () => {
  const found = await evaluate(
    'rounds.mjs',
    `(async () => {
      const order = [];
      const sample = (name) => async () => (order.push(name), { trip: order.length });
      const contestants = { a: sample('a'), b: sample('b'), c: sample('c') };
      const found = await it.takeRounds([{ name: 'x', rows: [], turns: 2, open: async () => ({ contestants }) }], {}, { rounds: 2 }, () => {});
      return { order: order.join(''), ...found };
    })()`,
  );
  expect(found).toEqual({
    order: 'abcbcacababc',
    samples: {
      trip: {
        a: [
          [1, 6],
          [8, 10],
        ],
        b: [
          [2, 4],
          [9, 11],
        ],
        c: [
          [3, 5],
          [7, 12],
        ],
      },
    },
    broken: [],
  });
});

test('a measurement that fails is named, ends, and leaves the others alone', async () => {
  const found = await evaluate(
    'rounds.mjs',
    `(async () => {
      let closed = 0;
      const failing = { name: 'x', rows: [], open: async () => ({ contestants: { a: () => Promise.reject(new Error('no')) }, close: async () => (closed += 1) }) };
      const other = { name: 'y', rows: [], open: async () => ({ contestants: { a: async () => ({ trip: [1, 2] }) } }) };
      return { ...(await it.takeRounds([failing, other], {}, { rounds: 2 }, () => {})), closed };
    })()`,
  );
  expect(found).toEqual({
    samples: {
      trip: {
        a: [
          [1, 2],
          [1, 2],
        ],
      },
    },
    broken: [{ name: 'x', message: 'a: no' }],
    closed: 1,
  });
});
