import { expect, test } from '@jest/globals';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import { createMessage } from '#src/protocol/create-message.js';
import { encodeParts } from '#src/protocol/frames.js';
import type { JsonObject } from '#src/protocol/message.js';
import { knownMember, encodedObject } from '#src/protocol/encoded-object.js';

const write = (value: unknown): JsonObject => encodedObject(Buffer.from(JSON.stringify(value)));
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
      const beside = { ...more, data: write(value), transient: {} };
      expect(JSON.parse(contentOf(beside))).toEqual(JSON.parse(contentOf({ ...beside, data: value })));
    }),
  );
  const written = '{ "a" : 12345678901234567890, "b":1.50 }';
  const value = encodedObject(Buffer.from(written));
  expect(contentOf({ first: 1, data: value, last: '"' })).toBe(`{"first":1,"data":${written},"last":"\\""}`);
});

test('it is an object like any other to whoever looks, and cannot be changed', () => {
  const value = write(LONG);
  expect(value).toEqual(LONG);
  expect({ ...value }).toEqual(LONG);
  expect(JSON.parse(JSON.stringify({ nested: [value] }))).toEqual({ nested: [LONG] });
  expect('text/plain' in value).toBe(true);
  expect(Reflect.set(value, 'a', 2)).toBe(false);
  expect(Reflect.deleteProperty(value, 'text/plain')).toBe(false);
  expect(Reflect.defineProperty(value, 'more', { value: 1 })).toBe(false);
});

test('what is known of it is found without reading it', () => {
  const value = encodedObject(Buffer.from('this could not be read'), { 'text/plain': 'known' });
  expect([knownMember(value, 'text/plain'), knownMember(value, 'image/png')]).toEqual(['known', undefined]);
  expect(value['text/plain']).toBe('known');
  expect(knownMember({ a: 1 }, 'a')).toBe(1);
});

test('a member named __proto__ is a member', () => {
  const text = `{"__proto__":{"a":"${'x'.repeat(10_000)}"}}`;
  const value = encodedObject(Buffer.from(text));
  expect(contentOf({ data: value })).toBe(`{"data":${text}}`);
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(value['a']).toBeUndefined();
});
