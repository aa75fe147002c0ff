/** A kernel keeps an owner, and nobody but an owner goes by that name. */
import { expect, test } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { eventually } from '../../support/eventually.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { folder, share } from '../../support/kernel/share.js';

const idle = scripted(async () => OK);

test('an owner by authorized_clients is none that the others may leave it to: a line is removed in a moment', async () => {
  const clients = join(await folder(), 'authorized_clients');
  await writeFile(clients, `olga ${(await generateCurvePair()).publicKey} owner\n`, { mode: 0o600 });
  const { kernel } = await share(idle, { access: { authorizedClients: clients } });
  await expect(kernel.access.revoke({ name: 'owner' })).rejects.toMatchObject({ code: 'last-owner' });
  await rm(clients);
  await eventually(async () => (await kernel.access.clients()).length === 1);
  expect(await kernel.access.clients()).toMatchObject([{ name: 'owner' }]);
});

test('a key that a rotation is about to end is not the last owner’s', async () => {
  const { kernel } = await share(idle);
  await kernel.access.grant({ name: 'olga', roles: ['owner'] });
  await kernel.access.revoke({ name: 'owner' });
  const { grant } = await kernel.access.rotate('olga', { overlap: 60_000 });
  await expect(kernel.access.revoke({ id: grant.id })).rejects.toMatchObject({ code: 'last-owner' });
});

test.each(['owner', 'Owner'])('%s is the name of the connection file’s holder alone', async (name) => {
  const { kernel } = await share(idle);
  await expect(kernel.access.grant({ name, roles: ['observer'] })).rejects.toMatchObject({ code: 'identity-invalid' });
  await kernel.access.grant({ name: 'olga', roles: ['owner'] });
  await kernel.access.setRoles('owner', ['observer']);
  expect(await kernel.access.clients()).toMatchObject([{ name: 'owner', roles: ['observer'] }, { name: 'olga' }]);
});
