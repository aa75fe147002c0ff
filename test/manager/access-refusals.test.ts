import { describe, expect, test } from '@jest/globals';
import { accessRefusalError } from '#src/manager/client/access-refusal.js';
import { freshConnection } from '../kernel/serve.js';
import { shareKernel } from './access-kernel.js';

test('who has no right to manage access is refused everything, with the right that is missing', async () => {
  const { access, openAs } = await shareKernel();
  const { connection } = await access.grant({ name: 'alice', roles: ['executor'] });
  const alice = await openAs('alice', connection);
  const refused = [
    alice.grant({ name: 'eve', roles: ['owner'] }),
    alice.revoke({ name: 'owner' }),
    alice.rotate('owner'),
    alice.setRoles('alice', ['owner']),
    alice.setTopic('x', 'private'),
    alice.privateTopics(),
    alice.clients(),
    alice.can('alice', 'execute_request'),
    alice.reloadPolicy(),
    alice.watch(() => undefined),
  ];
  for (const [index, { reason }] of (await Promise.allSettled(refused)).map(rejection).entries()) {
    expect({ index, reason }).toMatchObject({
      reason: { code: 'not-permitted', message: expect.stringMatching(/^executor may not send control\.curve_\w+$/) },
    });
  }
  expect((await access.clients()).map(({ name }) => name)).toEqual(['owner', 'alice']);
});

test('what cannot be done is refused with its code and advice', async () => {
  const { access } = await shareKernel();
  const refusals = [
    [access.revoke({ name: 'nobody-here' }), 'identity-unknown'],
    [access.can('nobody-here', 'execute_request'), 'identity-unknown'],
    [access.setRoles('nobody-here', ['observer']), 'identity-unknown'],
    [access.revoke({ name: 'owner' }), 'last-owner'],
    [access.setRoles('owner', ['observer']), 'last-owner'],
    [access.grant({ name: 'alice', roles: ['magician'] }), 'grant-failed'],
    [access.grant({ name: 'alice', roles: ['observer'], from: ['the moon'] }), 'grant-failed'],
    [access.grant({ name: 'alice', roles: ['observer'], publicKey: 'no key' }), 'key-invalid'],
    [access.grant({ name: 'kernel', roles: ['observer'] }), 'identity-invalid'],
    [access.can('owner', 'dance'), 'usage'],
    [access.revoke({}), 'usage'],
  ] as const;
  // All at once: a rejection that nobody waits for yet would end the test.
  const expectRefusal = ([promise, code]: (typeof refusals)[number]) =>
    expect(promise).rejects.toMatchObject({ code, hint: expect.stringMatching(/\w/) });
  await Promise.all(refusals.map(expectRefusal));
});

test('a kernel in plain text cannot be shared, and says what to do', async () => {
  const { curve: _, ...plain } = await freshConnection();
  const { access } = await shareKernel(plain);
  await expect(access.grant({ name: 'alice', roles: ['observer'] })).rejects.toMatchObject({
    code: 'grant-failed',
    hint: expect.stringContaining('required'),
  });
});

describe('the reply of a kernel becomes an error', () => {
  test.each([
    [{ ename: 'NotPermitted', evalue: 'no' }, 'not-permitted', 'no'],
    [{ ename: 'last-owner', evalue: 'no' }, 'last-owner', 'no'],
    [{ ename: 'LastOwner', evalue: 'no' }, 'last-owner', 'no'],
    [{ ename: 'UnknownRequest', evalue: 'no' }, 'grant-failed', 'The kernel does not know curve_x_request'],
    [{ ename: 'toString', evalue: '' }, 'grant-failed', 'The kernel refused curve_x_request.'],
    [{ ename: ['a list'], evalue: { an: 'object' }, traceback: 7 }, 'grant-failed', 'The kernel refused'],
    [{}, 'grant-failed', 'The kernel refused'],
  ])('%j', (reply, code, message) => {
    expect(accessRefusalError('curve_x_request', reply)).toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('with the advice that the kernel gives', () => {
    const reply = { ename: 'last-owner', evalue: 'no', traceback: ['last-owner: no', 'hint: Wait.'] };
    expect(accessRefusalError('curve_x_request', reply).hint).toBe('Wait.');
  });
});

const rejection = (result: PromiseSettledResult<unknown>): { reason: unknown } =>
  result.status === 'rejected' ? { reason: result.reason } : { reason: 'it was not refused' };
