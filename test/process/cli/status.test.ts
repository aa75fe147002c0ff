/** `status` over real kernels, and over what only looks like one. The tests use the same kernels. */
import { execFile } from 'node:child_process';
import { chown, copyFile, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { createCommandLine, mainFile, type CommandLine, type Running } from '../../support/command-line.js';
import { eventually } from '../../support/eventually.js';
import { ACTS, openFiveListeners, type FiveListeners } from '../../support/five-listeners.js';
import { KernelClient } from '../../support/kernel/kernel-client.js';
import { openSender } from '../../support/kernel/sender.js';
import { pythonPath } from '../../support/python.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { sampleConnection } from '../../support/sample-connection.js';

let line: CommandLine;
let owner: KernelClient;
let alice: KernelClient;
const listeners: FiveListeners[] = [];
const started: Running[] = [];
const runtime = (): string => join(line.folder, 'home/.local/share/jupyter/runtime');

interface Kernel {
  readonly file: string;
  readonly kernel: string | null;
  readonly relays: string | null;
  readonly pid: number | null;
  readonly protection: string;
  readonly mechanisms: Readonly<Record<string, string>> | null;
  readonly state: string | null;
  readonly state_from: string | null;
  readonly clients:
    readonly { readonly name: string; readonly roles: readonly string[]; readonly since: string }[] | null;
  readonly problem: string | null;
}

async function kernels(...args: string[]): Promise<readonly Kernel[]> {
  const { stdout, status } = await line.run('status', '--json', ...args);
  expect(status).toBe(0);
  const { kernels: found }: { readonly kernels: readonly Kernel[] } = JSON.parse(stdout);
  return found;
}

async function kernel(name: string): Promise<Kernel> {
  const found = (await kernels()).find(({ file }) => file.endsWith(name));
  if (found === undefined) throw new Error(`${name} is not listed`);
  return found;
}

/** Puts a connection file into the runtime folder. */
async function plant(name: string, changes: Parameters<typeof sampleConnection>[0]): Promise<void> {
  await writeFile(join(runtime(), name), formatConnectionInfo(await sampleConnection(changes)), { mode: 0o600 });
}

const hasPython = await readFile(pythonPath()).then(
  () => true,
  () => false,
);
const python = requireOrSkip('a Python with ipykernel', hasPython);

beforeAll(async () => {
  line = await createCommandLine({ PATH: `${dirname(pythonPath())}${delimiter}${process.env['PATH'] ?? ''}` });
  await line.run('install');
  await mkdir(runtime(), { recursive: true, mode: 0o700 });
  const start = async (...args: string[]): Promise<void> => {
    const running = line.start('start', ...args);
    started.push(running);
    await running.wrote(`${args.at(-1) ?? ''}\n`);
  };
  await Promise.all([
    start('--connection-file', 'shared.json'),
    start(
      '-k',
      'python3',
      '--transport-encryption',
      'required',
      '--connection-file',
      join(runtime(), 'kernel-py-curve.json'),
    ),
    start(
      '-k',
      'python3',
      '--transport-encryption',
      'disabled',
      '--connection-file',
      join(runtime(), 'kernel-py-plain.json'),
    ),
  ]);
  if (hasPython) {
    await line.run('wrap', 'python3', '--as', 'relayed', '--user', '--force');
    await start('-k', 'relayed', '--connection-file', join(runtime(), 'kernel-relayed.json'));
  }
  await line.run('grant', '--existing', 'shared.json', '--name', 'alice', '--role', 'observer', '--out', 'alice.json');
  owner = await KernelClient.open(await readConnectionFile(join(line.folder, 'shared.json')));
  alice = await KernelClient.open(await readConnectionFile(join(line.folder, 'alice.json')));
  for (const act of ['saysNothing', 'floods', 'claimsCurve', 'namesNull', 'writesToTheTerminal'] as const) {
    const opened = await openFiveListeners(ACTS[act]);
    listeners.push(opened);
    await plant(`kernel-${act}.json`, opened.address);
  }
  await plant('kernel-dead.json', {});
}, 120_000);
afterAll(async () => {
  await alice.close();
  await owner.close();
  await line.close();
  for (const each of listeners) await each.close();
});

describe('protection is what the sockets do', () => {
  python('of an ipykernel with keys, and of one without', async () => {
    expect(await kernel('kernel-py-curve.json')).toMatchObject({
      kernel: 'python3',
      protection: 'encrypted',
      pid: expect.any(Number),
    });
    const plain = await kernel('kernel-py-plain.json');
    expect(plain).toMatchObject({ protection: 'plain', clients: null });
    expect(new Set(Object.values(plain.mechanisms ?? {}))).toEqual(new Set(['null']));
  });

  test.each([
    ['says nothing', 'saysNothing', 'silent'],
    ['floods', 'floods', 'silent'],
    ['claims CURVE and completes no handshake', 'claimsCurve', 'unproven'],
    ['names NULL, though its file has keys', 'namesNull', 'plain'],
    ['names a mechanism that is a control sequence', 'writesToTheTerminal', 'silent'],
  ])('of a process that %s', async (_, name, protection) => {
    expect((await kernel(`kernel-${name}.json`)).protection).toBe(protection);
  });

  test('is sent nothing but greetings and handshakes with throw-away keys', () => {
    // A greeting begins with ff…7f; after it a handshake of ZMTP names its command: HELLO.
    for (const bytes of listeners.flatMap(({ received }) => received)) {
      expect(bytes.toString('latin1')).not.toMatch(/request|hmac|<IDS\|MSG>/i);
    }
  });

  test('of a kernel that is gone is not shown, only counted', async () => {
    const { stdout } = await line.run('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ gone: 1, time: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(stdout).not.toContain('kernel-dead.json');
  });

  requireOrSkip('a root user', process.getuid?.() === 0)(
    'is not asked for where the file is not of this user',
    async () => {
      const opened = await openFiveListeners(ACTS.namesNull);
      listeners.push(opened);
      await plant('kernel-foreign.json', opened.address);
      await chown(join(runtime(), 'kernel-foreign.json'), 65_534, 65_534);
      const found = (await kernels()).find(({ file }) => file.endsWith('kernel-foreign.json'));
      expect(found).toMatchObject({
        protection: 'unknown',
        problem: expect.stringContaining('belongs to another user'),
      });
      expect(opened.received).toEqual([]);
    },
  );
});

describe('a kernel of jupyter-curve', () => {
  test('is listed by its record wherever its file is, with its process and its clients', async () => {
    const found = await kernel('shared.json');
    expect(found).toMatchObject({ kernel: 'typescript', protection: 'encrypted', state: 'idle', state_from: 'kernel' });
    expect(found.clients?.map(({ name, roles }) => [name, roles])).toEqual([
      ['owner', ['owner']],
      ['alice', ['observer']],
    ]);
    expect(found.clients?.every(({ since }) => Date.parse(since) <= Date.now())).toBe(true);
  });

  test('is busy while a cell runs, whoever runs it', async () => {
    await owner.execute('await new Promise((resolve) => Object.assign(globalThis, { resolve }));');
    await eventually(async () => (await kernel('shared.json')).state === 'busy');
    await owner.ask('interrupt_request', {}, { channel: 'control' });
    await eventually(async () => (await kernel('shared.json')).state === 'idle');
  });

  test('does not come to know this command as a stranger', async () => {
    const file = (await line.run('clients', '--existing', 'shared.json', '--json')).stdout;
    expect(JSON.parse(file)).toMatchObject({ clients: expect.any(Array) });
    const { stdout } = await line.run('audit', join(line.folder, 'shared.json'), '--json');
    expect(stdout).not.toContain('"refuse"');
  });
});

python(
  'a kernel that does not say what it does is busy while it uses the processor',
  async () => {
    await using sender = await openSender(join(runtime(), 'kernel-py-curve.json'));
    await sender.send('shell', 'execute_request', { code: 'while True: pass' });
    await eventually(async () => (await kernel('kernel-py-curve.json')).state_from === 'process');
    await sender.send('control', 'interrupt_request', {});
    await eventually(async () => (await kernel('kernel-py-curve.json')).state === null);
  },
  120_000,
);

test('the table has a line for each kernel and client, and the same order every time', async () => {
  const first = (await line.run('status')).stdout;
  expect(first).toMatch(/^KERNEL +ENCRYPTED +BY +STATE +PID +SINCE +FILE\n/);
  expect(first).toMatch(/^typescript +yes +itself +idle +\d+ +\d\d:\d\d +shared\.json$/m);
  expect(first).toMatch(/^ {2}alice +observer +from 127\.0\.0\.1 +since \d\d:\d\d$/m);
  expect(first).toContain('1 file of kernels that are gone\n');
  expect(first).not.toContain('\u001b');
  await utimes(join(runtime(), 'kernel-floods.json'), 1, 1);
  expect(filesIn((await line.run('status')).stdout)).toEqual(filesIn(first));
});

test('no key is in what it prints', async () => {
  const secrets = await secretsOf('shared.json', 'alice.json', join(runtime(), 'kernel-py-curve.json'));
  const printed = (await Promise.all([line.run('status'), line.run('status', '--json')])).flatMap(
    ({ stdout, stderr }) => [stdout, stderr],
  );
  for (const secret of secrets) for (const text of printed) expect(text).not.toContain(secret);
});

python('a kernel behind the relay is one kernel, which is asked as any of jupyter-curve', async () => {
  const found = await kernel('kernel-relayed.json');
  expect(found).toMatchObject({ kernel: 'relayed', relays: 'python3', protection: 'encrypted', state: 'idle' });
  expect((await line.run('status')).stdout).toMatch(
    /^relayed +yes +relay +idle +\d+ +\d\d:\d\d +kernel-relayed\.json$/m,
  );
});

test('with --all kernels elsewhere are listed, by the arguments of their process', async () => {
  const elsewhere = join(line.folder, 'elsewhere.json');
  await copyFile(join(runtime(), 'kernel-namesNull.json'), elsewhere);
  const argv = ['-e', 'setInterval(() => {}, 1000)', '--', '-f', elsewhere];
  const child = execFile(process.execPath, argv);
  try {
    expect((await kernels()).map(({ file }) => file)).not.toContain(elsewhere);
    await eventually(async () =>
      (await kernels('--all')).some(({ file, pid }) => file === elsewhere && pid === child.pid),
    );
  } finally {
    child.kill('SIGKILL');
  }
});

// oxlint-disable-next-line no-control-regex
const SEQUENCES = /\u001b\[\??\d*[A-Za-z]/g;

describe('--watch', () => {
  test('on a terminal draws in place, cuts what is too long, and leaves the terminal as it was', async () => {
    const { stdout } = await onTerminal(['status', '--watch'], { columns: 50, rows: 6 });
    expect(stdout.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
    expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    const frames = stdout.split('\u001b[H').slice(1);
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) {
      const lines = frame.replaceAll(SEQUENCES, '').replaceAll('\r', '').split('\n');
      expect(lines.length).toBeLessThanOrEqual(6);
      expect(Math.max(...lines.map((one) => one.length))).toBeLessThanOrEqual(50);
      expect(lines.at(-1)).toMatch(/^… \d+ more lines/);
    }
    // Kernels that do not answer are there before it is known that they do not.
    expect(frames[0]).toContain('KERNEL');
    expect(frames[0]).toContain(' … ');
  }, 60_000);

  test('with --json prints one object on a line for each refresh', async () => {
    const running = line.start('status', '--watch', '--json');
    await running.wrote('}\n{');
    running.child.kill('SIGINT');
    const { stdout, status } = await running.ended;
    expect(status).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text): { readonly kernels: readonly Kernel[] } => JSON.parse(text));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.at(-1)?.kernels.find(({ file }) => file.endsWith('shared.json'))).toMatchObject({ state: 'idle' });
  });

  python('hears from a kernel that is not asked when a cell begins and ends', async () => {
    const running = line.start('status', '--watch', '--json');
    await using sender = await openSender(join(runtime(), 'kernel-py-plain.json'));
    await running.wrote('}\n{');
    await sender.send('shell', 'execute_request', { code: 'import time; time.sleep(3)' });
    await running.wrote('"state":"busy","state_from":"iopub"');
    await running.wrote('"state":"idle","state_from":"iopub"');
    running.child.kill('SIGINT');
    const { stdout, status } = await running.ended;
    expect(status).toBe(0);
    expect(stdout).toContain('"protection":"plain"');
  });

  test('without a terminal prints one table after another, with an empty line between', async () => {
    const running = line.start('status', '--watch');
    await running.wrote('\n\nKERNEL');
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ status: 0, stdout: expect.not.stringContaining('\u001b') });
  });
});

const filesIn = (text: string): string[] => [...text.matchAll(/\S+\.json$/gm)].map(([name]) => name);

async function secretsOf(...files: string[]): Promise<string[]> {
  const texts = await Promise.all(
    files.map((file) => readFile(file.startsWith('/') ? file : join(line.folder, file), 'utf8')),
  );
  return texts.flatMap((text) => {
    const fields: Record<string, string> = JSON.parse(text);
    return ['key', 'curve_publickey', 'curve_secretkey'].map((name) => fields[name] ?? '').filter((one) => one !== '');
  });
}

/** Runs the command on a terminal of that size, types Ctrl-C after its second frame, and resolves when it has ended. */
async function onTerminal(
  args: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
) {
  const program = [
    'import fcntl, os, pty, struct, sys, termios',
    'pid, fd = pty.fork()',
    'if pid == 0: os.execv(sys.argv[3], sys.argv[3:])',
    "fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(sys.argv[1]), int(sys.argv[2]), 0, 0))",
    "shown, asked = b'', False",
    'while True:',
    '    try: some = os.read(fd, 65536)',
    '    except OSError: break',
    '    if not some: break',
    '    shown += some',
    "    if not asked and shown.count(b'\\x1b[H') > 3: asked = True; os.write(fd, b'\\x03')",
    '_, status = os.waitpid(pid, 0)',
    "sys.stdout.buffer.write(shown.replace(b'^C', b''))",
    'sys.exit(os.waitstatus_to_exitcode(status))',
  ].join('\n');
  const argv = ['-c', program, String(rows), String(columns), process.execPath, mainFile, ...args];
  return promisify(execFile)('python3', argv, { env: line.env, cwd: line.folder });
}
