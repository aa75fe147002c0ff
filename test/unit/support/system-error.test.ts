import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { errorCode, errorMessage, uninterrupted } from '#src/support/system-error.js';

const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

test('errorCode and errorMessage read any thrown value', () => {
  const missing = thrownBy(() => readFileSync('/does/not/exist'));
  expect(errorCode(missing)).toBe('ENOENT');
  expect(errorMessage(missing)).toContain('no such file');
  for (const odd of [undefined, null, 'text', new Error('plain'), { code: 7 }]) {
    expect(errorCode(odd)).toBe('unknown error');
  }
  expect(errorMessage('text')).toBe('text');
  expect(errorMessage(new Error('plain'))).toBe('plain');
  expect(errorMessage(null)).toBe('null');
});

test('uninterrupted asks again after EINTR, and after nothing else', () => {
  let left = 3;
  const failing = (code: string) => () => {
    if (left-- > 0) throw Object.assign(new Error(code), { code });
    return 'done';
  };
  expect(uninterrupted(failing('EINTR'))).toBe('done');
  left = 1;
  expect(() => uninterrupted(failing('EMFILE'))).toThrow('EMFILE');
});
