/** Every type that a language can publish, by its name alone: who sees it is what the policy says, of others and of oneself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { MESSAGE_TYPES } from '#src/access/policy/message-types.js';
import { createOracle } from '../../support/role-oracle.js';
import { POLICY } from '../../support/role-table.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { folder, share } from '../../support/kernel/share.js';

const ORACLE = createOracle(POLICY);
/** What is said of comms depends on their targets, which the matrix looks at. */
const TYPES = [...MESSAGE_TYPES.iopub, 'made_up', 'curve_event', 'Stream'].filter((type) => !type.startsWith('comm_'));
const RUNNERS = ORACLE.roles.filter((role) => ORACLE.maySend(role, 'shell', 'execute_request'));
const mayBeSeen = (role: string, own: boolean): string[] =>
  TYPES.filter((type) => type !== 'Stream' && ORACLE.maySee(role, type, { own }));

const seen = new Map<string, { ofOthers: readonly string[]; own: readonly string[] }>();

beforeAll(async () => {
  const policyFile = join(await folder(), 'access_policy.yaml');
  await writeFile(policyFile, POLICY, { mode: 0o600 });
  const language = scripted(async ({ code }, cell) => {
    if (code === 'all') for (const type of TYPES) cell.publish(type, { marker: true });
    return OK;
  });
  const { kernel, owner, admit } = await share(language, { access: { policyFile } });
  const clients = [];
  for (const role of ORACLE.roles) {
    const name = `${role}-one`;
    // They subscribe while they see something: what they may not see they do not see although they subscribed to it.
    clients.push({ role, name, client: await admit(name, 'observer') });
    await kernel.access.setRoles(name, [role]);
  }
  const shown = await owner.execute('all');
  await owner.answer(shown);
  const own = new Map<string, string>();
  for (const { role, client } of clients) {
    if (!RUNNERS.includes(role)) continue;
    const id = await client.execute('all');
    await client.reply(id);
    own.set(role, id);
  }
  for (const { name } of clients) await kernel.access.setRoles(name, ['observer']);
  const last = await owner.execute('last');
  for (const { role, client } of clients) {
    await client.idle(last);
    const types = (id = ''): readonly string[] =>
      client
        .published(id)
        .filter(({ content }) => content['marker'] === true)
        .map(({ header }) => header.msg_type);
    seen.set(role, { ofOthers: types(shown), own: types(own.get(role)) });
  }
});

describe('A2: of everything that can be published', () => {
  test.each(ORACLE.roles)('%s sees what the policy says', (role) => {
    expect(seen.get(role)).toEqual({
      ofOthers: mayBeSeen(role, false),
      own: RUNNERS.includes(role) ? mayBeSeen(role, true) : [],
    });
  });
});
