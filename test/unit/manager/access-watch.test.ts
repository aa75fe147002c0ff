import { expect, test } from '@jest/globals';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import { eventually } from '../../support/eventually.js';
import { shareKernel } from '../../support/kernel/access-kernel.js';

const ALICE = { name: 'alice', roles: ['observer'] };

test('watch tells of comings, grants, refusals and goings, until it is stopped', async () => {
  const { access, connect } = await shareKernel();
  const events: AccessEvent[] = [];
  const stop = await access.watch((event) => events.push(event));
  const { grant, connection } = await access.grant(ALICE);
  const alice = await connect(connection);
  await alice.ask('execute_request', { code: '1' });
  await access.revoke({ name: 'alice' });
  await eventually(() => events.some(({ event }) => event === 'revoke'));
  const ofAlice = events.filter(({ identity }) => identity === 'alice');
  expect(ofAlice.map(({ event }) => event)).toEqual(expect.arrayContaining(['grant', 'accept', 'deny', 'revoke']));
  expect(ofAlice.find(({ event }) => event === 'deny')).toMatchObject({
    fingerprint: grant.fingerprint,
    channel: 'shell',
    type: 'execute_request',
    verdict: 'refused',
  });
  await stop();
  const count = events.length;
  await access.grant(ALICE);
  await access.clients();
  expect(events).toHaveLength(count);
});
