import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { scanJson } from '#src/protocol/scan-json.js';

/** What {@link scanJson} promises, computed from the parsed value. */
function measure(value: unknown): { depth: number; nodes: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, nodes: 0 };
  const inside = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...inside.map((child) => child.depth)),
    nodes: 1 + Math.max(0, inside.length - 1) + inside.reduce((sum, child) => sum + child.nodes, 0),
  };
}

const json = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' });

test('depth, nodes and members of any JSON are those of the value it stands for', () => {
  fc.assert(
    fc.property(json, fc.constantFrom('', ' ', '\n\t'), (value, space) => {
      const scan = scanJson(JSON.stringify(value, null, space));
      const top = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value).length : 0;
      expect(scan).toMatchObject({ ...measure(JSON.parse(JSON.stringify(value))), members: top });
    }),
  );
});

test('whatever parses is counted exactly, however odd its text is', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    '\\"',
    '\\\\',
    '"a"',
    '"\\u007b"',
    '1',
    'null',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
      const text = `{"x":[${tokens.join('')}]}`;
      const scan = scanJson(text);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return;
      }
      // A name that is written twice is counted twice, and is one in the value.
      const { depth, nodes } = measure(value);
      expect(scan.depth).toBeGreaterThanOrEqual(depth);
      expect(scan.nodes).toBeGreaterThanOrEqual(nodes);
      expect(scan.members).toBe(1);
    }),
    { numRuns: 2000 },
  );
});

test('a name that is written twice counts twice, in escapes too', () => {
  expect(scanJson(String.raw`{"a":1,"a":{"a":1},"\u0061":[]}`).members).toBe(3);
});

test('megabytes of quotes, backslashes and brackets are counted in a single pass', () => {
  const size = 2_000_000;
  expect(scanJson(`"${String.raw`\"`.repeat(size)}"`).nodes).toBe(0);
  expect(scanJson(`"${'\\'.repeat(size)}"[`)).toMatchObject({ depth: 1, nodes: 1, members: 0 });
  expect(scanJson('"'.repeat(size)).nodes).toBe(0);
  expect(scanJson('['.repeat(size)).depth).toBe(size);
  expect(scanJson(']'.repeat(size)).depth).toBe(0);
});
