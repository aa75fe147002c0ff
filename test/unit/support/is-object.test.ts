import { expect, test } from '@jest/globals';
import { hasProperties, isObject } from '#src/support/is-object.js';

test.each([
  [{}, true, true],
  [Object.create(null), true, true],
  [[], false, true],
  [() => undefined, false, true],
  [null, false, false],
  [undefined, false, false],
  ['{}', false, false],
  [1, false, false],
])('%p: an object of JSON: %p; has properties: %p', (value: unknown, object, properties) => {
  expect(isObject(value)).toBe(object);
  expect(hasProperties(value)).toBe(properties);
});
