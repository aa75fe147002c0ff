/** What takes rights away and cannot be saved: a restart of the kernel never gives more than there was, and the change says so. */
import { describe, expect, test } from '@jest/globals';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import type { Language } from '#src/kernel/language.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { eventually } from '../../support/eventually.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { canMount, mountDisk } from '../../support/small-disk.js';
import { OK, scripted } from '../../support/kernel/serve.js';
import { afterwards, folder, freshFile, knock, share, type Shared } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});

const testOnDisk = requireOrSkip('right to mount a file system', canMount());

/** A small disk with a connection file on it, and a folder outside. */
async function place() {
  const outside = await folder();
  const disk = await mountDisk(join(outside, 'disk'));
  afterwards(disk.unmount);
  return { ...disk, outside, file: await freshFile(disk.where) };
}

const names = async ({ kernel }: Shared): Promise<string[]> =>
  (await kernel.access.clients()).map(({ name, roles }) => `${name}:${String(roles)}`);
const crash = async ({ kernel }: Shared): Promise<void> => kernel.close('restart');

describe('on a full disk', () => {
  testOnDisk('a revocation, a role and a private topic hold over a restart, and count as saved', async () => {
    const here = await place();
    const first = await share(echo, {}, here.file);
    await first.kernel.access.grant({ name: 'bob', roles: ['observer'] });
    await first.kernel.access.grant({ name: 'ann', roles: ['executor'] });
    await here.fill();
    await first.kernel.access.revoke({ name: 'bob' });
    await first.kernel.access.setRoles('ann', ['observer']);
    await first.kernel.access.setTopic('team', 'private');
    // In the place of what was there before, there is room for it.
    expect(first.kernel.access.unsaved).toBeUndefined();
    await crash(first);
    const second = await share(echo, {}, here.file);
    expect(await names(second)).toEqual(['owner:owner', 'ann:observer']);
    expect(await second.kernel.access.privateTopics()).toEqual(['team']);
  });

  testOnDisk('what was never saved before leaves a restart to the owner alone, and that is said', async () => {
    const here = await place();
    const [clients, policy] = [join(here.outside, 'clients'), join(here.outside, 'policy.yaml')];
    const ada = await generateCurvePair();
    const access = { authorizedClients: clients, policyFile: policy };
    const first = await share(echo, { access }, here.file);
    await here.fill();
    await writeFile(policy, 'anonymous: observer', { mode: 0o600 });
    await writeFile(clients, `ada ${ada.publicKey} executor\n`, { mode: 0o600 });
    await eventually(
      async () => (await names(first)).join().includes('ada') && (await names(first)).join().includes('anonymous'),
    );
    await first.kernel.access.setTopic('team', 'private');
    await first.kernel.access.revoke({ name: 'ada' });
    expect(first.kernel.access.unsaved).toMatchObject({
      code: 'state-unsaved',
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('Make room'),
      data: { restart: 'owners-only' },
    });
    expect(first.kernel.access.unsaved).toMatchObject({ code: 'state-unsaved' });
    expect(first.events.filter(({ rule }) => rule?.startsWith('Access cannot be saved'))).toHaveLength(1);
    await crash(first);
    const second = await share(echo, { access }, here.file);
    expect(await names(second)).toEqual(['owner:owner']);
    await second.kernel.access.grant({ name: 'bob', roles: ['observer'] });
    expect(await second.kernel.access.can('bob', 'see iopub.stream')).toMatchObject({ allowed: false });
    await second.kernel.access.revoke({ name: 'bob' });
    await crash(second);
    // Room again: what holds now is what is kept, until the owner says otherwise.
    await here.empty();
    const third = await share(echo, { access }, here.file);
    await third.kernel.access.setTopic('kernel', 'public');
    expect(third.kernel.access.unsaved).toBeUndefined();
    expect(await names(third)).toEqual(['owner:owner']);
    await writeFile(clients, `ada ${ada.publicKey} observer\n`, { mode: 0o600 });
    await eventually(async () => (await names(third)).includes('ada:observer'));
  });

  testOnDisk('a grant may be lost, and is said to be; nothing that was saved before is', async () => {
    const here = await place();
    const first = await share(echo, {}, here.file);
    const bob = await first.kernel.access.grant({ name: 'bob', roles: ['observer'] });
    await here.fill();
    // What a page of the disk still holds is filled first.
    for (let n = 0; first.kernel.access.unsaved === undefined; n++) {
      if (n > 100) throw new Error('there is always room');
      await first.kernel.access.grant({ name: `ann${n}`, roles: ['observer'] });
    }
    expect(first.kernel.access.unsaved).toMatchObject({ data: { restart: 'forgotten' } });
    const lost = (await names(first)).at(-1) ?? '';
    await first.kernel.close('restart');
    const second = await share(echo, {}, here.file);
    expect(await names(second)).toContain('bob:observer');
    expect(await names(second)).not.toContain(lost);
    expect(await knock(bob.connection)).toBe('in');
  });

  testOnDisk('what could not be saved is, once there is room', async () => {
    const here = await place();
    const first = await share(echo, { access: { reauthInterval: 50 } }, here.file);
    await here.fill();
    await first.kernel.access.setTopic('team', 'private');
    expect(first.kernel.access.unsaved).toMatchObject({ code: 'state-unsaved' });
    await here.empty();
    await eventually(() => first.kernel.access.unsaved === undefined);
    const before = (await stat(`${here.file}.access`)).size;
    expect(before).toBeGreaterThan(0);
  });
});

describe('on a disk that has become read-only', () => {
  testOnDisk('every change says that a restart undoes it, what to do, and is an alarm', async () => {
    const here = await place();
    const first = await share(echo, {}, here.file);
    await first.kernel.access.grant({ name: 'bob', roles: ['executor'] });
    await here.protect('ro');
    await using access = await openAccess(here.file);
    for (const change of [
      () => access.setRoles('bob', ['observer']),
      () => access.setTopic('team', 'private'),
      () => access.rotate('bob'),
      () => access.revoke({ name: 'bob' }),
    ]) {
      await change();
      expect(access.unsaved).toMatchObject({
        code: 'state-unsaved',
        message: expect.stringContaining('EROFS'),
        hint: expect.stringContaining(`${here.file}.access`),
        data: { restart: 'undone' },
      });
    }
    expect(first.events).toContainEqual(
      expect.objectContaining({ event: 'alarm', rule: expect.stringContaining('EROFS') }),
    );
    await here.protect('rw');
    await access.setTopic('team', 'public');
    expect(access.unsaved).toBeUndefined();
    await crash(first);
    expect(await names(await share(echo, {}, here.file))).toEqual(['owner:owner']);
  });

  testOnDisk('a kernel still ends', async () => {
    const here = await place();
    const clients = join(here.outside, 'clients');
    const { kernel } = await share(echo, { access: { authorizedClients: clients } }, here.file);
    const { publicKey } = await generateCurvePair();
    await writeFile(clients, `ada ${publicKey} executor\n`, { mode: 0o600 });
    await eventually(async () => (await kernel.access.clients()).length === 2);
    await here.protect('ro');
    await kernel.close();
    expect(await kernel.closed).toEqual({ restart: false });
    await here.protect('rw');
  });
});

describe('a state that is not whole', () => {
  test.each(['', '{"format":"jupyter-curve-access/2","kern'])('lets in nobody but the owner: %j', async (text) => {
    const where = await folder();
    const file = await freshFile(where);
    const first = await share(echo, {}, file);
    await first.kernel.access.grant({ name: 'bob', roles: ['executor'] });
    await crash(first);
    expect((await readFile(`${file}.access`)).length).toBeGreaterThan(0);
    await writeFile(`${file}.access`, text);
    const second = await share(echo, {}, file);
    expect(await names(second)).toEqual(['owner:owner']);
    expect(await second.kernel.access.privateTopics()).toEqual(['kernel']);
  });
});
