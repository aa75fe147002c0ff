/** Kernels and sessions that come and go through `@jupyterlab/services`. */
import type { Session } from '@jupyterlab/services';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { eventually } from '../../support/eventually.js';
import { openServices, run, status } from '../../support/kernel/services.js';
import { createWorkplace, fixtureKernel, isAlive, type Workplace } from '../../support/kernel/workplace.js';

let workplace: Workplace;
let services: LocalServices;
const errors: unknown[] = [];

beforeAll(async () => {
  workplace = await createWorkplace();
  await workplace.describe('silent', [process.execPath, fixtureKernel('says-nothing.mjs'), '{connection_file}']);
  await workplace.describeOdd('mute', ['mute']);
  await workplace.describe('quitter', [process.execPath, fixtureKernel('ends-at-once.mjs')]);
  services = await openServices(workplace, {
    startTimeout: 20_000,
    autoRestart: { limit: 2, delay: 10 },
    onError: (_, error) => errors.push(error),
  });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

test('a restart before the connection is open, and another soon after, disturb nothing', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  await kernel.restart();
  await new Promise(setImmediate);
  await kernel.restart();
  expect(await run(kernel, '1 + 1')).toMatchObject({ result: '2', reply: { execution_count: 1 } });
  await kernel.shutdown();
});

test('a restart gives an empty kernel, and cancels what the old one owed, for all who are connected', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  const other = services.kernels.connectTo({ model: kernel.model });
  await run(kernel, 'x = 1');
  const pid = services.managedKernel(kernel.id).pid;
  const owed = run(other, 'import time; print("begun"); time.sleep(60)');
  await status(kernel, 'busy');
  await Promise.all([kernel.restart(), expect(owed).rejects.toThrow('Canceled future')]);
  expect(await isAlive(pid)).toBe(false);
  for (const connection of [kernel, other]) {
    expect((await run(connection, 'x')).reply).toMatchObject({ status: 'error', ename: 'NameError' });
  }
  await kernel.shutdown();
  expect(other.status).toBe('dead');
});

test('new keys take effect for connections that are open', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  await run(kernel, '1');
  const before = services.security(kernel.id).shell.fingerprint;
  const restarting = status(kernel, 'autorestarting');
  await services.managedKernel(kernel.id).restart({ rotateKeys: true });
  await restarting;
  expect((await run(kernel, '2')).result).toBe('2');
  expect(services.security(kernel.id).shell.fingerprint).not.toBe(before);
  await kernel.shutdown();
});

test('a kernel that dies is brought back, and requests to the dead one are cancelled', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  await run(kernel, 'x = 1');
  const back = status(kernel, 'autorestarting');
  await expect(run(kernel, 'import os; os._exit(3)')).rejects.toThrow('Canceled future');
  await back;
  expect((await run(kernel, 'x')).reply).toMatchObject({ ename: 'NameError' });
  await kernel.shutdown();
});

test('a kernel that cannot be brought back is dead for its connections, and they say so', async () => {
  const once = `${workplace.folder}/started`;
  await workplace.describeOdd('once', [`once:${once}`]);
  const kernel = await services.kernels.startNew({ name: 'once' });
  await kernel.info;
  errors.length = 0;
  process.kill(services.managedKernel(kernel.id).pid ?? 0, 'SIGKILL');
  await status(kernel, 'dead');
  expect(errors.at(-1)).toMatchObject({ code: expect.stringMatching(/^kernel-/) });
  expect(() => kernel.requestExecute({ code: '1' })).toThrow();
  expect(() => services.security(kernel.id)).toThrow(expect.objectContaining({ code: 'kernel-unknown' }));
  await eventually(() => services.kernels.runningCount === 0);
});

test('a shutdown cancels what is pending, ends the process and empties the list', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  await run(kernel, '1');
  const pid = services.managedKernel(kernel.id).pid;
  const pending = kernel.requestComplete({ code: 'import time; time.sle', cursor_pos: 21 });
  const running = run(kernel, 'import time; time.sleep(60)');
  const cancelled = Promise.allSettled([pending, running]);
  await kernel.shutdown();
  expect((await cancelled)[1].status).toBe('rejected');
  expect(await isAlive(pid)).toBe(false);
  expect(kernel.isDisposed).toBe(true);
  await services.kernels.refreshRunning();
  expect([...services.kernels.running()]).toEqual([]);
  await services.kernels.shutdown(kernel.id); // once more is no error, as with a server
});

test('errors of the manager reach the caller as they are', async () => {
  await expect(services.kernels.startNew({ name: 'nope' })).rejects.toMatchObject({ code: 'kernelspec-missing' });
  await expect(services.kernels.startNew({ name: 'quitter' })).rejects.toMatchObject({ code: 'kernel-start-failed' });
  const plain = services.sessions.startNew({ path: 'a.ipynb', type: 'notebook', name: 'a', kernel: { name: 'nope' } });
  await expect(plain).rejects.toMatchObject({ name: 'CurveKernelError', code: 'kernelspec-missing' });
});

test.each(['silent', 'mute'])('a kernel that is %s ends its start with an error, in time', async (name) => {
  await using impatient = await openServices(workplace, { startTimeout: 1500 });
  await expect(impatient.kernels.startNew({ name })).rejects.toMatchObject({ code: 'kernel-start-timeout' });
  expect(await workplace.files()).toEqual([]);
});

test('a connection to a kernel that is not there is dead, not pending', async () => {
  const kernel = services.kernels.connectTo({ model: { id: 'nobody', name: 'python3' } });
  await status(kernel, 'dead');
  expect(errors.at(-1)).toMatchObject({ code: 'kernel-unknown' });
});

test('a second client of a busy kernel is connected at once, sees its output, and knows that it is busy', async () => {
  const kernel = await services.kernels.startNew({ name: 'python3' });
  const statuses: string[] = [];
  const begun = new Promise<void>((resolve) => {
    kernel.iopubMessage.connect((_, { header }) => {
      if (header.msg_type === 'stream') resolve();
    });
  });
  const busy = run(kernel, 'print("begun", flush=True)\nimport time\ntime.sleep(1.5)\nprint("ended")');
  await begun;
  kernel.statusChanged.connect((_, now) => statuses.push(now));
  const other = services.kernels.connectTo({ model: kernel.model, handleComms: false });
  const seen: unknown[] = [];
  other.iopubMessage.connect((_, { header, content }) => {
    if (header.msg_type === 'stream') seen.push(content);
  });
  expect((await other.info).implementation).toBe('ipython');
  await status(other, 'busy');
  expect(kernel.status).toBe('busy');
  await busy;
  await status(other, 'idle');
  expect(seen).toEqual([{ name: 'stdout', text: 'ended\n' }]);
  expect(statuses).toEqual(['idle']);
  expect((await run(other, 'input("x")', () => 'y')).result).toBe("'y'");
  await kernel.shutdown();
});

test('a session starts in the folder of its file, is renamed, gets another kernel, and ends with it', async () => {
  const { sessions, kernels } = services;
  const options = { path: 'notes.ipynb', type: 'notebook', name: 'notes', kernel: { name: 'python3' } };
  const [session, same] = await Promise.all([sessions.startNew(options), sessions.startNew(options)]);
  expect(same.id).toBe(session.id);
  const first = session.kernel!;
  expect(
    (await run(first, 'import os; os.path.samefile(os.getcwd(), ' + JSON.stringify(workplace.folder) + ')')).result,
  ).toBe('True');

  await session.setPath('other.ipynb');
  await session.setName('other');
  expect(await sessions.findByPath('other.ipynb')).toMatchObject({ name: 'other', kernel: { id: first.id } });

  const second = await session.changeKernel({ name: 'python3' });
  expect(second?.id).not.toBe(first.id);
  expect(first.isDisposed).toBe(true);
  expect((await run(second!, '40 + 2')).result).toBe('42');
  await kernels.refreshRunning();
  expect([...kernels.running()].map(({ id }) => id)).toEqual([second?.id]);

  await session.shutdown();
  await Promise.all([kernels.refreshRunning(), sessions.refreshRunning()]);
  expect([[...kernels.running()], [...sessions.running()]]).toEqual([[], []]);
});

/** The kernels that the services know. */
async function runningKernels(): Promise<string[]> {
  await services.kernels.refreshRunning();
  return [...services.kernels.running()].map(({ id }) => id);
}

/** A session that is just being given another kernel. */
async function begin(): Promise<{ session: Session.ISessionConnection; changing: Promise<unknown> }> {
  const options = { path: 'a.ipynb', type: 'notebook', name: 'a', kernel: { name: 'python3' } };
  const session = await services.sessions.startNew(options);
  const before = (await workplace.files()).length;
  const changing = session.changeKernel({ name: 'python3' });
  changing.catch(() => undefined);
  await eventually(async () => (await workplace.files()).length > before);
  return { session, changing };
}

describe('while the kernel of a session is changed', () => {
  test('it can be moved and renamed', async () => {
    const { session, changing } = await begin();
    await session.setPath('moved.ipynb');
    await session.setName('moved');
    await changing;
    expect(await services.sessions.findByPath('moved.ipynb')).toMatchObject({ name: 'moved' });
    expect([session.path, session.name]).toEqual(['moved.ipynb', 'moved']);
    await session.shutdown();
    expect(await runningKernels()).toEqual([]);
  });

  test('it can be shut down, and the new kernel ends too', async () => {
    const { session, changing } = await begin();
    await session.shutdown();
    await expect(changing).rejects.toMatchObject({ code: 'kernel-unknown' });
    expect(await runningKernels()).toEqual([]);
    expect(await workplace.files()).toEqual([]);
  });

  test('it can be changed again, and only the last kernel stays', async () => {
    const { session, changing } = await begin();
    const last = await session.changeKernel({ name: 'python3' });
    await changing;
    expect(await runningKernels()).toEqual([last?.id]);
    await session.shutdown();
    expect(await runningKernels()).toEqual([]);
  });
});

test('a session whose kernel is gone has none, and can be given another', async () => {
  const session = await services.sessions.startNew({
    path: 'x.ipynb',
    type: 'notebook',
    name: 'x',
    kernel: { name: 'python3' },
  });
  await services.kernels.shutdown(session.kernel!.id);
  await services.sessions.refreshRunning();
  expect(session.kernel).toBeNull();
  const kernel = await session.changeKernel({ name: 'python3' });
  expect((await run(kernel!, '1')).result).toBe('1');
  await session.shutdown();
});

test('services that close end a kernel that was dead and came back', async () => {
  const own = await openServices(workplace, { autoRestart: false, onError: () => undefined });
  await workplace.describeOdd('mortal', []);
  const kernel = await own.kernels.startNew({ name: 'mortal' });
  await kernel.info;
  const managed = own.managedKernel(kernel.id);
  process.kill(managed.pid ?? 0, 'SIGKILL');
  await status(kernel, 'dead');
  await managed.restart();
  expect(own.managedKernel(kernel.id)).toBe(managed);
  expect(await isAlive(managed.pid)).toBe(true);
  await own.close();
  expect(await isAlive(managed.pid)).toBe(false);
});

test('services that close end every kernel, also one that is just starting or restarting', async () => {
  const own = await openServices(workplace, { autoRestart: { limit: 5, delay: 200 } });
  const kernel = await own.kernels.startNew({ name: 'python3' });
  const restarting = await own.kernels.startNew({ name: 'python3' });
  await run(restarting, '1');
  const { pid } = own.managedKernel(kernel.id);
  await expect(run(restarting, 'import os; os._exit(3)')).rejects.toThrow('Canceled future'); // it reconnects right now
  const starting = own.kernels.startNew({ name: 'python3' });
  starting.catch(() => undefined);
  await own.close();
  await expect(starting).rejects.toMatchObject({ code: 'transport-closed' });
  expect(await isAlive(pid)).toBe(false);
  await expect(own.kernels.startNew({ name: 'python3' })).rejects.toMatchObject({ code: 'transport-closed' });
});
