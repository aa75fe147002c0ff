import { expect, test } from '@jest/globals';
import { evaluatorEnvironment } from '#src/typescript/evaluator-command.js';

test.each([
  ['a kernelspec that carries them', { NODE_EXTRA_CA_CERTS: '', JUPYTER_CURVE_EXTRA_CA_CERTS: '/ca.pem' }, '/ca.pem'],
  [
    'a front end that has none, and leaves the name as it is',
    { NODE_EXTRA_CA_CERTS: '', JUPYTER_CURVE_EXTRA_CA_CERTS: '${NODE_EXTRA_CA_CERTS}' },
    undefined,
  ],
  ['a front end that fills in nothing', { NODE_EXTRA_CA_CERTS: '', JUPYTER_CURVE_EXTRA_CA_CERTS: '' }, undefined],
  ['no kernelspec of ours', { NODE_EXTRA_CA_CERTS: '/ca.pem' }, '/ca.pem'],
  ['none at all', {}, undefined],
])('cells trust the extra certificates of %s', (_, env, expected) => {
  const found = evaluatorEnvironment(env);
  expect(found['NODE_EXTRA_CA_CERTS']).toBe(expected);
  expect(Object.keys(found)).not.toContain('JUPYTER_CURVE_EXTRA_CA_CERTS');
});

test("cells do not inherit the kernelspec's options of the allocator, but those of the user", () => {
  expect(evaluatorEnvironment({ MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '100', EMPTY: '' })).toEqual(
    expect.not.objectContaining({ MALLOC_MMAP_THRESHOLD_: expect.anything() }),
  );
  expect(evaluatorEnvironment({ MALLOC_TRIM_THRESHOLD_: '100', EMPTY: '' })).toMatchObject({
    MALLOC_TRIM_THRESHOLD_: '100',
    EMPTY: '',
  });
});
