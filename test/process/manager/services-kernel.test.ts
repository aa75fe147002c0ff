/** Everything that a kernel can be asked through `@jupyterlab/services`, on ipykernel, under CURVE. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CommsOverSubshells,
  KernelManager,
  KernelMessage,
  KernelSpecManager,
  SessionManager,
  type Kernel,
} from '@jupyterlab/services';
import type { LocalServices } from '#src/manager/services/connect-services.js';
import { eventually } from '../../support/eventually.js';
import { bytesOf, openServices, run } from '../../support/kernel/services.js';
import { createWorkplace, type Workplace } from '../../support/kernel/workplace.js';

let workplace: Workplace;
let services: LocalServices;
let kernel: Kernel.IKernelConnection;

beforeAll(async () => {
  workplace = await createWorkplace();
  services = await openServices(workplace);
  kernel = await services.kernels.startNew({ name: 'python3' });
});

afterAll(async () => {
  await services?.close();
  await workplace?.dispose();
});

test('the managers are those of @jupyterlab/services, unmodified', () => {
  expect(Object.getPrototypeOf(services.kernels)).toBe(KernelManager.prototype);
  expect(Object.getPrototypeOf(services.sessions)).toBe(SessionManager.prototype);
  expect(Object.getPrototypeOf(services.specs)).toBe(KernelSpecManager.prototype);
});

test('kernelspecs are listed with their language and their resources', () => {
  expect(services.specs.specs?.default).toBe('python3');
  expect(services.specs.specs?.kernelspecs['python3']).toMatchObject({
    language: 'python',
    metadata: { supported_encryption: ['curve'] },
    resources: { 'logo-64x64': expect.stringMatching(/^file:.*logo-64x64\.png$/) },
  });
});

test('the first cell may ask for input at once', async () => {
  const { text } = await run(kernel, 'print("got", input("what? "))', (prompt) => `[${prompt}]`);
  expect(text).toBe('got [what? ]\n');
});

test('kernel info is there', async () => {
  expect((await kernel.info).implementation).toBe('ipython');
  expect((await kernel.requestKernelInfo())?.content).toMatchObject({ status: 'ok', implementation: 'ipython' });
  expect((await kernel.spec)?.display_name).toMatch(/Python 3/);
});

test('the security table names every socket, its mechanism and the key', () => {
  const security = services.security(kernel.id);
  expect(Object.keys(security).toSorted()).toEqual(['control', 'heartbeat', 'iopub', 'shell', 'stdin']);
  for (const socket of Object.values(security)) {
    expect(socket).toEqual({
      endpoint: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
      mechanism: 'curve',
      fingerprint: expect.stringMatching(/^SHA256:/),
    });
  }
});

test('a cell gives what it prints, its result and its error', async () => {
  expect(await run(kernel, 'print("out"); 6 * 7')).toMatchObject({
    text: 'out\n',
    result: '42',
    reply: { status: 'ok' },
  });
  expect((await run(kernel, '1 / 0')).reply).toMatchObject({ status: 'error', ename: 'ZeroDivisionError' });
});

test('an error whose text is not UTF-8, which Python writes, arrives with the text repaired', async () => {
  const { reply, messages } = await run(kernel, "raise ValueError('a\\udcffb')");
  expect(reply).toMatchObject({ status: 'error', ename: 'ValueError' });
  expect(messages.some(KernelMessage.isErrorMsg)).toBe(true);
});

test('completion, inspection, history and completeness are answered', async () => {
  await run(kernel, 'some_long_name = 1');
  const completed = await kernel.requestComplete({ code: 'some_long', cursor_pos: 9 });
  expect(completed.content).toMatchObject({ status: 'ok', matches: ['some_long_name'] });
  const inspected = await kernel.requestInspect({ code: 'print', cursor_pos: 5, detail_level: 0 });
  expect(inspected.content).toMatchObject({ status: 'ok', found: true });
  const history = await kernel.requestHistory({ hist_access_type: 'tail', n: 1, raw: true, output: false });
  expect(history.content).toMatchObject({ history: [[expect.anything(), expect.anything(), 'some_long_name = 1']] });
  expect((await kernel.requestIsComplete({ code: 'if True:' })).content.status).toBe('incomplete');
});

test('an update of a display reaches the cell that shows it', async () => {
  const shown: unknown[] = [];
  const future = kernel.requestExecute({ code: 'h = display("one", display_id=True)' }, false);
  future.onIOPub = (message) => {
    if (message.header.msg_type.endsWith('display_data')) shown.push([message.header.msg_type, message.content]);
  };
  await future.done;
  await run(kernel, 'h.update("two")');
  future.dispose();
  expect(shown).toMatchObject([
    ['display_data', { data: { 'text/plain': "'one'" } }],
    ['update_display_data', { data: { 'text/plain': "'two'" } }],
  ]);
});

describe('comms', () => {
  test('carry binary buffers both ways, exactly as long as they are', async () => {
    await run(
      kernel,
      `def opened(comm, message):
    @comm.on_msg
    def echo(m):
        comm.send({"lengths": [len(b) for b in m["buffers"]]}, buffers=[bytes(b)[::-1] for b in m["buffers"]])
get_ipython().kernel.comm_manager.register_target("echo", opened)`,
    );
    const comm = kernel.createComm('echo');
    await comm.open().done;
    const answer = new Promise<KernelMessage.ICommMsgMsg>((resolve) => (comm.onMsg = resolve));
    // Views into larger memory, as every small Buffer of Node is: what lies around them must stay here.
    const pool = Buffer.from('secret-before|payload|secret-after');
    const view = pool.subarray(14, 21);
    comm.send({}, {}, [view, new DataView(view.buffer, view.byteOffset, 2), new Uint8Array([1, 2]).buffer]);
    const { content, buffers = [] } = await answer;
    expect(content.data).toEqual({ lengths: [7, 2, 2] });
    expect(buffers.map(bytesOf)).toEqual([
      { text: 'daolyap', memory: 7 },
      { text: 'ap', memory: 2 },
      { text: '\u0002\u0001', memory: 2 },
    ]);
    // Not waited for: the subshell of the comm is deleted at once, and ipykernel loses what it has not read by then.
    void comm.close();
  });

  test('are closed', async () => {
    await run(
      kernel,
      `closed = []
def opened(comm, message):
    comm.on_close(lambda m: closed.append(m["content"]["data"]))
get_ipython().kernel.comm_manager.register_target("ended", opened)`,
    );
    const comm = kernel.createComm('ended');
    comm.commsOverSubshells = CommsOverSubshells.Disabled;
    await comm.open().done;
    await comm.close({ z: 3 }).done;
    expect((await run(kernel, 'closed')).result).toBe("[{'z': 3}]");
  });

  test('are opened by the kernel as well', async () => {
    const opened = new Promise<[Kernel.IComm, KernelMessage.ICommOpenMsg]>((resolve) =>
      kernel.registerCommTarget('here', (comm, message) => resolve([comm, message])),
    );
    await run(
      kernel,
      `from comm import create_comm
heard = []
c = create_comm(target_name="here", data={"x": 1}, buffers=[b"bytes"])
c.on_msg(lambda m: heard.append((m["content"]["data"], bytes(m["buffers"][0]))))`,
    );
    const [comm, message] = await opened;
    expect(message.content.data).toEqual({ x: 1 });
    expect(bytesOf(message.buffers?.[0]).text).toBe('bytes');
    await comm.send({ y: 2 }, {}, [Buffer.from('there')]).done;
    expect((await run(kernel, 'heard')).result).toBe("[({'y': 2}, b'there')]");
  });
});

test('the debugger answers on control, and sends its events', async () => {
  const events: string[] = [];
  const listen = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
    if (KernelMessage.isDebugEventMsg(message)) events.push(message.content.event);
  };
  kernel.iopubMessage.connect(listen);
  let seq = 1;
  const ask = async (command: string, args: object): Promise<KernelMessage.IDebugReplyMsg['content']> => {
    return (await kernel.requestDebug({ type: 'request', seq: seq++, command, arguments: args }).done).content;
  };
  const initialized = await ask('initialize', { clientID: 'test', adapterID: '', pathFormat: 'path' });
  expect(initialized).toMatchObject({ success: true, command: 'initialize' });
  expect(await ask('attach', {})).toMatchObject({ success: true });
  expect(await ask('dumpCell', { code: 'x = 1' })).toMatchObject({ body: { sourcePath: expect.any(String) } });
  expect(await ask('disconnect', { restart: false, terminateDebuggee: false })).toMatchObject({ success: true });
  kernel.iopubMessage.disconnect(listen);
  expect(events).toContain('initialized');
});

test('a subshell answers while the main shell is busy', async () => {
  await kernel.info;
  expect(kernel.supportsSubshells).toBe(true);
  const { subshell_id: id } = (await kernel.requestCreateSubshell({}).done).content;
  const side = services.kernels.connectTo({ model: kernel.model, subshellId: id, handleComms: false });
  try {
    const busy = run(kernel, 'import time\nwhile not globals().get("told"): time.sleep(0.01)\n"done"');
    await run(side, 'told = True');
    expect((await busy).result).toBe("'done'");
    const { content } = await kernel.requestListSubshell({}).done;
    expect(content).toMatchObject({ subshell_id: expect.arrayContaining([id]) });
  } finally {
    side.dispose();
  }
  await eventually(async () => !(await kernel.requestListSubshell({}).done).content.subshell_id.includes(id));
});

test('an interrupt ends a busy cell', async () => {
  const future = kernel.requestExecute({ code: 'print("begun")\nwhile True: pass' });
  await new Promise<void>((resolve) => {
    future.onIOPub = ({ header }) => {
      if (header.msg_type === 'stream') resolve();
    };
  });
  await kernel.interrupt();
  expect((await future.done).content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
});

test('a clone finds its kernelspec without a server, and nothing else', async () => {
  const clone = kernel.clone();
  expect((await clone.spec)?.language).toBe('python');
  clone.dispose();
  await expect(kernel.serverSettings.fetch(new Request('http://local.invalid/api/contents'))).rejects.toThrow(
    'There is no Jupyter server',
  );
});
