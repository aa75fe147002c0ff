import { expect, test } from '@jest/globals';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import { createMessage } from '#src/protocol/create-message.js';
import { encodeParts } from '#src/protocol/frames.js';
import type { JsonObject } from '#src/protocol/message.js';
import { readWritten } from '#src/protocol/written-json.js';

const read = (value: unknown) => readWritten(Buffer.from(JSON.stringify(value)));
const contentOf = (content: JsonObject): string =>
  Buffer.from(
    encodeParts(createMessage({ session: 's', username: 'u' }, 'display_data', content)).parts[3] ?? [],
  ).toString();
const anObject = dictionary(
  string(),
  jsonValue().map((value): JsonObject[string] => JSON.parse(JSON.stringify(value))),
);
const LONG = { 'text/plain': 'x'.repeat(100_000), 'application/json': { deep: [1, { é: '😀' }] } };

test('an object is sent as it was written, and so is what stands beside it', () => {
  assert(
    property(anObject, anObject, (value, more) => {
      const beside = { ...more, data: read(value).value, transient: {} };
      expect(JSON.parse(contentOf(beside))).toEqual(JSON.parse(contentOf({ ...beside, data: value })));
    }),
  );
  const written = '{ "a" : 12345678901234567890, "b":1.50 }';
  const { value } = readWritten(Buffer.from(written));
  expect(contentOf({ first: 1, data: value, last: '"' })).toBe(`{"first":1,"data":${written},"last":"\\""}`);
});

test('half a surrogate pair is repaired, as in every other message', () => {
  for (const half of ['\ud83d', '\ude00']) {
    const { value } = read({ 'text/plain': `${half} ${'x'.repeat(100_000)}`, [half]: 1 });
    expect(contentOf({ data: value })).toBe(`{"data":{"text/plain":"\ufffd ${'x'.repeat(100_000)}","\ufffd":1}}`);
  }
  const upper = readWritten(Buffer.from('{"a":"\\uD83D"}')).value;
  expect(contentOf({ data: upper })).toBe('{"data":{"a":"\ufffd"}}');
});

test('a long one is an object like any other to whoever looks, and cannot be changed', () => {
  const { value, outline } = read(LONG);
  expect(value).toEqual(LONG);
  expect({ ...value }).toEqual(LONG);
  expect(JSON.parse(JSON.stringify(value))).toEqual(LONG);
  expect('text/plain' in value).toBe(true);
  expect(Object.keys(outline)).toEqual(Object.keys(LONG));
  expect(JSON.stringify(outline).length).toBeLessThan(300);
  for (const one of [value, read({ a: 1 }).value]) {
    expect(Reflect.set(one, 'a', 2)).toBe(false);
    expect(Reflect.deleteProperty(one, 'text/plain')).toBe(!('text/plain' in one));
    expect(Reflect.defineProperty(one, 'more', { value: 1 })).toBe(false);
  }
});

test('a member named __proto__ is a member', () => {
  const text = `{"__proto__":{"a":"${'x'.repeat(10_000)}"}}`;
  const { value } = readWritten(Buffer.from(text));
  expect(contentOf({ data: value })).toBe(`{"data":${text}}`);
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(value['a']).toBeUndefined();
});

test.each([
  ['no JSON', Buffer.from('{"a":1')],
  ['no JSON after a long text', Buffer.from(`{"a":"${'x'.repeat(100_000)}"`)],
  ['a control character in a long text', Buffer.from(`{"a":"${'x'.repeat(9000)}\n${'x'.repeat(9000)}"}`)],
  ['more than one value', Buffer.from('{"a":1}{"b":2}')],
  ['a list', Buffer.from('[1]')],
  ['null', Buffer.from('null')],
  ['nothing', Buffer.alloc(0)],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
])('%s is refused, without a word of it', (_, bytes) => {
  expect(() => readWritten(bytes)).toThrow(TypeError);
  expect(() => readWritten(bytes)).toThrow(/^(text that is not JSON|text that is not UTF-8|JSON that is no object)$/);
});
