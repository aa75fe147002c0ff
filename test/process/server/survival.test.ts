/** Grants live as long as their kernel: through crashes and restarts, and not a moment longer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { openAccess } from '#src/manager/client/access-client.js';
import { startKernel } from '#src/manager/lifecycle/start-kernel.js';
import { eventually } from '../../support/eventually.js';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../../support/kernel/jupyter-environment.js';
import { KernelClient } from '../../support/kernel/kernel-client.js';
import { repository } from '../../support/repository.js';
import { openPorts } from '../../support/kernel/follower.js';
import { definedOnly, startLiveKernel, type LiveKernel, type LiveOptions } from '../../support/kernel/live-kernel.js';

let live: LiveKernel | undefined;
afterEach(async () => {
  await live?.[Symbol.asyncDispose]();
  live = undefined;
});
const start = async (options: LiveOptions = {}): Promise<LiveKernel> => (live = await startLiveKernel(options));

/** What stays the same for a client. */
async function grantsOf({ access }: LiveKernel): Promise<readonly unknown[]> {
  const all = await access.clients();
  return all
    .filter(({ name }) => name !== 'owner')
    .toSorted((one, other) => one.name.localeCompare(other.name))
    .map(({ id, name, roles, fingerprint, issuedAt, expiresAt, from }) => [
      id,
      name,
      roles,
      fingerprint,
      issuedAt,
      expiresAt,
      from,
    ]);
}

const ran = async (client: KernelClient): Promise<unknown> =>
  (await client.ask('execute_request', { code: '1' }))['status'];

test('grants, and their connections, survive a crash of the evaluator', async () => {
  const kernel = await start();
  const alice = await kernel.connect(await kernel.grant('alice', ['executor']));
  await alice.ask('execute_request', { code: 'const kept = 1' });
  const id = await alice.execute('process.abort()');
  expect((await alice.reply(id)).content).toMatchObject({ status: 'error' });
  expect(await ran(alice)).toBe('ok');
  const [row] = (await kernel.access.clients()).filter(({ name }) => name === 'alice');
  expect(row?.connected).toHaveLength(1);
});

/** Two clients, a third that was revoked, and a private topic. */
async function share(kernel: LiveKernel): Promise<{
  readonly made: ConnectionInfo;
  readonly own: ConnectionInfo;
  readonly pair: Awaited<ReturnType<typeof generateCurvePair>>;
  readonly revoked: ConnectionInfo;
}> {
  const pair = await generateCurvePair();
  const made = await kernel.grant('alice', ['executor'], { expiresIn: 3_600_000 });
  const own = await kernel.grant('bob', ['observer'], { publicKey: pair.publicKey, from: ['127.0.0.0/8'] });
  const revoked = await kernel.grant('carl', ['admin']);
  await kernel.access.revoke({ name: 'carl' });
  await kernel.access.setRoles('bob', ['executor', 'observer']);
  await kernel.access.setTopic('salaries', 'private');
  return { made, own, pair, revoked };
}

describe.each(['file', 'environment'] as const)('with the secret by %s', (secretBy) => {
  test.each(['a restart', 'a death'])(
    'grants survive %s of the kernel: names, roles, ports, keys, limits',
    async (how) => {
      const kernel = await start({ secretBy });
      const { made, own, pair, revoked } = await share(kernel);
      const stays = await kernel.connect(made);
      const before = await grantsOf(kernel);
      expect(before).toHaveLength(2);
      const pid = kernel.kernel.pid ?? 0;
      if (how === 'a restart') await kernel.kernel.restart();
      else {
        process.kill(pid, 'SIGKILL');
        await eventually(() => kernel.kernel.pid !== pid && kernel.kernel.state === 'ready', 'a new process');
      }
      // A client that was connected comes back by itself.
      await eventually(
        // What is sent while the kernel dies may be lost, and waiting for its answer must not take all the time there is.
        async () => (await Promise.race([ran(stays).catch(() => undefined), sleep(2_000)])) === 'ok',
        'a reply to who stayed',
      );
      await kernel.reopen();
      expect(await grantsOf(kernel)).toEqual(before);
      expect(await kernel.access.privateTopics()).toEqual(['salaries']);
      expect(await ran(await kernel.connect(made))).toBe('ok');
      expect(await ran(await kernel.connect(own, { pair }))).toBe('ok');
      expect(await openPorts(revoked)).toEqual([]);
      const stranger = await generateCurvePair();
      const curve = own.curve && { ...own.curve, clientPublicKey: stranger.publicKey };
      await expect(kernel.connect({ ...own, ...(curve && { curve }) }, { pair: stranger })).rejects.toMatchObject({
        code: expect.stringMatching(/^peer-/),
      });
    },
  );

  test('what lies on disk for that is for this user only, and holds no key that can be read', async () => {
    const kernel = await start({ secretBy });
    const { made } = await share(kernel);
    const name = await eventually(
      async () => (await readdir(kernel.environment.runtime)).find((one) => one.endsWith('.access')),
      'the file',
    );
    const file = join(kernel.environment.runtime, name);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'latin1');
    const secret = made.curve?.secretKey;
    for (const key of [made.key.exposeText(), made.curve?.publicKey ?? '', secret ? exposeZ85(secret) : '']) {
      expect(key.length).toBeGreaterThan(30);
      expect(text).not.toContain(key);
      expect(text).not.toContain(Buffer.from(key).toString('base64').slice(0, 24));
    }
  });
});

test('I7: grants end with the kernel, and leave no file', async () => {
  const kernel = await start({
    data: { authorized_clients: `listed ${(await generateCurvePair()).publicKey} observer\n` },
  });
  const { made } = await share(kernel);
  await eventually(
    async () => (await readdir(kernel.environment.runtime)).find((one) => one.startsWith('client-listed')),
    'the file of who is listed',
  );
  await kernel.kernel.shutdown();
  expect(await waitForNothingLeft(kernel.environment)).toEqual([]);
  expect(await openPorts(made)).toEqual([]);
});

test('a restart with other keys ends them: whoever had any is out', async () => {
  const kernel = await start();
  const { made, own } = await share(kernel);
  await kernel.kernel.restart({ rotateKeys: true });
  await kernel.reopen();
  expect(await grantsOf(kernel)).toEqual([]);
  expect([await openPorts(made), await openPorts(own)]).toEqual([[], []]);
  await kernel.kernel.shutdown();
  expect(await waitForNothingLeft(kernel.environment)).toEqual([]);
});

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

describe('when everything was killed', () => {
  let environment: JupyterEnvironment;
  const managers: ChildProcess[] = [];
  beforeEach(async () => (environment = await createJupyterEnvironment()));
  afterEach(async () => {
    for (const manager of managers.splice(0)) manager.kill('SIGKILL');
    await environment.dispose();
  });

  interface Started {
    readonly manager: ChildProcess;
    readonly kernel: number;
    readonly file: string;
  }

  async function startElsewhere(): Promise<Started> {
    const manager = spawn(
      process.execPath,
      [
        join(repository, 'test/support/programs/manager-process.mjs'),
        JSON.stringify({ kernelName: 'typescript', transportEncryption: 'required' }),
      ],
      { env: environment.env, cwd: environment.folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    managers.push(manager);
    const [line]: string[] = await once(manager.stdout.setEncoding('utf8'), 'data');
    const { kernel, file }: { kernel: number; file: string } = JSON.parse(line ?? '');
    return { manager, kernel, file };
  }

  test.each(['the manager', 'the kernel and then the manager', 'the manager and at once the kernel'])(
    '%s: the next start leaves nothing of it',
    async (what) => {
      const { manager, kernel, file } = await startElsewhere();
      const access = await openAccess(file);
      const { connection } = await access.grant({ name: 'alice', roles: ['executor'] });
      const client = await KernelClient.open(connection);
      await client.close();
      await access.close();
      await eventually(
        async () => (await readdir(environment.runtime)).find((one) => one.endsWith('.access')),
        'the file',
      );
      if (what.startsWith('the kernel')) process.kill(kernel, 'SIGKILL');
      const died = kill(manager);
      if (what.endsWith('the kernel')) process.kill(kernel, 'SIGKILL');
      await died;
      await eventually(async () => (await openPorts(connection)).length === 0, 'the end of its sockets');

      await using next = await startKernel({
        kernelName: 'typescript',
        transportEncryption: 'required',
        env: definedOnly(environment.env),
      });
      const mine = (name: string): boolean => name.includes(next.id);
      await eventually(
        async () => (await readdir(environment.runtime)).every(mine),
        'only the files of the next',
      ).catch(() => undefined);
      expect((await readdir(environment.runtime)).filter((name) => !mine(name))).toEqual([]);
      await next.shutdown();
      expect(await waitForNothingLeft(environment)).toEqual([]);
    },
  );
});
