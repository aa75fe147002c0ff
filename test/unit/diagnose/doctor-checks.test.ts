/** The parts of `doctor` that judge what is known: kernels, files, ports, versions. */
import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConnectionFacts } from '#src/diagnose/connection-facts.js';
import { judgePorts } from '#src/diagnose/doctor/check-debuggers.js';
import { checkDataFolder, checkFiles, checkRuntimeFolder, judgeLeftFiles } from '#src/diagnose/doctor/check-files.js';
import { checkKernelspec, judgeClaim } from '#src/diagnose/doctor/check-kernelspecs.js';
import { checkServer, NODELAY_LINES } from '#src/diagnose/doctor/check-server.js';
import { judgeVersions } from '#src/diagnose/doctor/check-versions.js';
import { judgeKernel, type SeenKernel } from '#src/diagnose/doctor/check-wire.js';
import { finding, shellWord, sortFindings, worstOf, type Finding } from '#src/diagnose/doctor/finding.js';
import { fixModes } from '#src/diagnose/doctor/fix-modes.js';
import { hasCurve, isOlder, pythonPrefixOf, readPythonPackages } from '#src/diagnose/doctor/python-packages.js';
import { parseTable } from '#src/diagnose/tcp-sockets.js';
import { connectionFileIn, processTree } from '#src/diagnose/own-processes.js';
import { checkKernelSpec } from '#src/launch/kernelspec.js';
import type { JsonObject } from '#src/protocol/message.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { sampleFields } from '../../support/sample-connection.js';
import { inOpenFolder, inTemporaryFolder } from '../../support/temporary-folder.js';

const ids = (findings: readonly Finding[]): string[] => findings.map((one) => one.id);
const NOW = Date.parse('2030-01-01T00:00:00Z');
const root = requireOrSkip('a root user', process.getuid?.() === 0);

async function factsOf(changes: object, file = '/run/k.json') {
  return parseConnectionFacts(JSON.stringify({ ...(await sampleFields()), ...changes }), file);
}

const NO_KEYS = { curve_publickey: null, curve_secretkey: null };

const judge = async (changes: object, protection: SeenKernel['protection'], more: Partial<SeenKernel> = {}) =>
  judgeKernel({
    facts: await factsOf(changes),
    kernel: 'r',
    protection,
    isFolderOpen: false,
    isIpykernel: false,
    ...more,
  });

describe('a running kernel', () => {
  test.each<[string, object, SeenKernel['protection'], string[]]>([
    ['encrypted', {}, 'encrypted', []],
    ['plain on loopback', NO_KEYS, 'plain', ['plain-text']],
    ['plain on ::1', { ...NO_KEYS, ip: '::1' }, 'plain', ['plain-text']],
    ['plain on every address', { ...NO_KEYS, ip: '0.0.0.0' }, 'plain', ['plain-text-network']],
    ['plain and unsigned', { ...NO_KEYS, key: '' }, 'plain', ['plain-text', 'unsigned']],
    ['plain, with keys in its file', {}, 'plain', ['keys-ignored']],
    ['plain, with the public key in its file', { curve_secretkey: null }, 'plain', ['keys-ignored']],
    ['protected in part', {}, 'partly', ['partly-encrypted']],
    ['of another key', {}, 'wrong-key', ['wrong-key']],
    ['of a key that is not proved', {}, 'unproven', ['keys-unproven']],
    ['encrypted, without keys in its file', NO_KEYS, 'unproven', ['keys-missing']],
    ['silent', {}, 'silent', ['no-answer']],
    ['gone', {}, 'gone', []],
  ])('that is %s', async (_, changes, protection, wanted) => {
    expect(ids(await judge(changes, protection))).toEqual(wanted);
  });

  test('on ipc is in order in a closed folder, and open to others in another', async () => {
    const ipc = { ...NO_KEYS, transport: 'ipc', ip: '/run/k-ipc', key: '' };
    expect(await judge(ipc, 'plain')).toEqual([]);
    expect(ids(await judge(ipc, 'plain', { isFolderOpen: true }))).toEqual(['ipc-open', 'unsigned']);
  });

  test('of ipykernel repeats its warning', async () => {
    const [found] = await judge(NO_KEYS, 'plain', { isIpykernel: true });
    expect(found?.found).toContain('Kernel is running over TCP without encryption');
    expect(found?.mend).toBe('jupyter-curve start --kernel r --transport-encryption required');
  });
});

const candidate = async (file: string, changes: object = {}) => ({
  file,
  facts: await factsOf(changes, file),
  isInner: false,
});

describe('a file', () => {
  test.each([
    [0o600, []],
    [0o640, ['file-readable']],
    [0o644, ['file-readable']],
    [0o666, ['file-writable']],
  ])('with a secret and mode %o in an open folder', async (mode, wanted) => {
    await inOpenFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, '');
      await chmod(file, mode);
      expect(ids(await checkFiles([await candidate(file)], NOW))).toEqual(wanted);
    });
  });

  test('without a secret, or in a closed folder, may be readable', async () => {
    await inOpenFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, '', { mode: 0o644 });
      expect(await checkFiles([await candidate(file, { ...NO_KEYS, key: '' })], NOW)).toEqual([]);
    });
    await inTemporaryFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, '', { mode: 0o644 });
      expect(await checkFiles([await candidate(file)], NOW)).toEqual([]);
    });
  });

  test.each([
    ['the secret half', { curve_publickey: null }, 'half-pair'],
    ['the public half, and no kernel', { curve_secretkey: null }, 'half-pair'],
    ['keys of two pairs', { curve_publickey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' }, 'keys-broken'],
    ['an expired grant', { jupyter_curve_grant: { name: 'a', expires_at: '2029-01-01T00:00:00Z' } }, 'grant-expired'],
  ])('with %s', async (_, changes, wanted) => {
    expect(ids(await checkFiles([await candidate('/none/k.json', changes)], NOW))).toEqual([wanted]);
  });

  test('with the public half of a kernel that runs is in order', async () => {
    const ownProcess = { pid: 7, parent: 1, argv: [], isRunnable: false, ticks: 0, startedAt: 0 };
    expect(
      await checkFiles([{ ...(await candidate('/none/k.json', { curve_secretkey: null })), ownProcess }], NOW),
    ).toEqual([]);
  });

  test('of kernels that are gone is one finding for all, and the command names what a shell takes literally', () => {
    expect(judgeLeftFiles([], '/run')).toEqual([]);
    const [found] = judgeLeftFiles(['/run/a.json', "/run/it's $HOME.json"], '/run');
    expect(found?.mend).toBe(String.raw`rm -- /run/a.json '/run/it'\''s $HOME.json'`);
  });

  test.each([
    [0o700, []],
    [0o750, ['runtime-folder-open']],
    [0o755, ['runtime-folder-open']],
    [0o777, ['runtime-folder-writable']],
  ])('the runtime folder with mode %o', async (mode, wanted) => {
    await inOpenFolder(async (folder) => {
      await chmod(folder, mode);
      expect(ids(await checkRuntimeFolder(folder))).toEqual(wanted);
    });
  });

  test('the data folder is checked for pairs and rules', async () => {
    await inOpenFolder(async (folder) => {
      await mkdir(join(folder, 'curve_keys'));
      await writeFile(join(folder, 'curve_keys/bob.key_secret'), '', { mode: 0o644 });
      await writeFile(join(folder, 'authorized_clients'), '');
      await chmod(join(folder, 'authorized_clients'), 0o666);
      expect(ids(await checkDataFolder(folder)).toSorted()).toEqual(['file-readable', 'rules-writable']);
    });
  });
});

const readable = (path: string): Finding =>
  finding('file-readable', { subject: path, found: '', wanted: '', mend: '', fix: { path, keep: 0o600 } });

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('--fix', () => {
  test('takes away what others may do, and says the mode before', async () => {
    await inTemporaryFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, '');
      await chmod(file, 0o644);
      expect(
        await fixModes([readable(file), finding('spec-plain', { subject: '', found: '', wanted: '', mend: '' })]),
      ).toMatchObject([{ before: '0644' }]);
      expect(await modeOf(file)).toBe(0o600);
      // A mode that grants less is not widened.
      await chmod(file, 0o400);
      await fixModes([readable(file)]);
      expect(await modeOf(file)).toBe(0o400);
    });
  });

  test('follows no link', async () => {
    await inTemporaryFolder(async (folder) => {
      const [file, link] = [join(folder, 'k.json'), join(folder, 'link.json')];
      await writeFile(file, '');
      await chmod(file, 0o644);
      await symlink(file, link);
      const [fixed] = await fixModes([readable(link)]);
      expect(fixed?.problem).toContain('ELOOP');
      expect(await modeOf(file)).toBe(0o644);
    });
  });

  root('leaves what belongs to another user', async () => {
    await inTemporaryFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, '');
      await chmod(file, 0o644);
      await chown(file, 65_534, 65_534);
      expect(await fixModes([readable(file)])).toMatchObject([
        { problem: expect.stringContaining('not a file or folder of this user') },
      ]);
      expect(await modeOf(file)).toBe(0o644);
    });
  });
});

const judgedIds = (facts: Parameters<typeof judgeClaim>[0]): string[] => ids(judgeClaim(facts));

const specWith = (metadata: JsonObject, argv: readonly string[] = ['R'], folder = '/p/share/jupyter/kernels/k') =>
  checkKernelSpec('k', folder, { argv: [...argv], metadata }, 'kernel.json');

describe('a kernelspec', () => {
  const CURVE = { supported_encryption: ['curve'] };
  const ipykernel = ['python', '-m', 'ipykernel_launcher', '-f', '{connection_file}'];

  test('is judged by what it claims and what its program is', () => {
    expect(judgedIds({ spec: specWith(CURVE) })).toEqual([]);
    expect(judgedIds({ spec: specWith({}) })).toEqual(['spec-plain']);
    expect(judgedIds({ spec: specWith(CURVE, ipykernel), prefix: '/p', ipykernel: '7.4.0' })).toEqual([]);
    expect(judgedIds({ spec: specWith(CURVE, ipykernel), prefix: '/p', ipykernel: '6.29.5' })).toEqual([
      'spec-overclaims',
    ]);
    expect(judgedIds({ spec: specWith({}, ipykernel), prefix: '/p', ipykernel: '7.4.0' })).toEqual(['spec-outdated']);
    expect(judgedIds({ spec: specWith({}, ipykernel), prefix: '/p', ipykernel: '6.0' })).toEqual(['spec-plain']);
    const relays = { ...CURVE, jupyter_curve: { relays: { name: 'ir', spec: '/none', sha256: '' } } };
    expect(judgedIds({ spec: specWith(relays) })).toEqual([]);
    expect(judgedIds({ spec: specWith(relays, ['node', 'main.js', 'relay', '--inner=tcp', '--']) })).toEqual([
      'relay-inner-tcp',
    ]);
  });

  test('is checked for its program, for who can change it, and for what it relays', async () => {
    await inOpenFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      await writeFile(file, '{}');
      await chmod(file, 0o666);
      const relays = { ...CURVE, jupyter_curve: { relays: { name: 'ir', spec: join(folder, 'gone'), sha256: '' } } };
      const found = await checkKernelspec({ spec: specWith(relays, ['/none/program'], folder) }, {});
      expect(ids(found)).toEqual(['spec-program-missing', 'spec-writable', 'relay-target-missing']);
      await mkdir(join(folder, 'gone'));
      await writeFile(join(folder, 'gone/kernel.json'), '{"argv":["R"]}');
      await chmod(file, 0o644);
      expect(ids(await checkKernelspec({ spec: specWith(relays, [process.execPath], folder) }, {}))).toEqual([
        'relay-target-changed',
      ]);
    });
  });
});

const tableRow = (address: string, port: string, state: string, inode: string): string =>
  `   0: ${address}:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  0 0 ${inode} 1`;

describe('ports', () => {
  test('are read from /proc/net/tcp and tcp6', () => {
    const text = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      tableRow('0100007F', '1F90', '0A', '11'),
      tableRow('00000000', '1F91', '0A', '12'),
      tableRow('0100007F', '1F92', '01', '13'),
      tableRow('00000000000000000000000001000000', '1F93', '0A', '14'),
      tableRow('00000000000000000000000000000000', '1F94', '0A', '15'),
      tableRow('0000000000000000FFFF00000100007F', '1F95', '0A', '16'),
    ].join('\n');
    const listening = parseTable(text).filter(({ state }) => state === 'listening');
    expect(listening.map(({ inode, port, isNetwork }) => [inode, port, isNetwork])).toEqual([
      ['11', 8080, false],
      ['12', 8081, true],
      ['14', 8083, false],
      ['15', 8084, true],
      ['16', 8085, false],
    ]);
  });

  test('are findings where a debugger listens, by its process', () => {
    const processes = [
      processOf(7, ['/usr/bin/python3', '-m', 'ipykernel_launcher']),
      processOf(8, ['/usr/bin/python3', '/lib/debugpy/adapter', '--port', '5678']),
      processOf(9, ['/usr/bin/node', 'kernel.cjs']),
    ];
    const ports = [
      { port: 5001, isNetwork: false, pid: 7 },
      { port: 8050, isNetwork: true, pid: 7 },
      { port: 5678, isNetwork: false, pid: 8 },
      { port: 9229, isNetwork: true, pid: 9 },
      { port: 4000, isNetwork: false, pid: 9 },
    ];
    const found = judgePorts({ kernel: 'k', processes, ports });
    expect(ids(found)).toEqual(['debugger-port', 'debugger-port-network']);
    expect(found.map((one) => one.found)).toEqual([
      expect.stringContaining('debugpy'),
      expect.stringContaining('inspector'),
    ]);
  });
});

const processOf = (pid: number, argv: readonly string[]) => ({
  pid,
  parent: 1,
  argv,
  isRunnable: false,
  ticks: 0,
  startedAt: 0,
});

const childOf = (pid: number, parent: number) => ({ pid, parent, argv: [], isRunnable: false, ticks: 0, startedAt: 0 });

describe('processes', () => {
  test.each([
    [['python', '-m', 'ipykernel_launcher', '-f', '/r/kernel-1.json'], '/r/kernel-1.json'],
    [['python', '-m', 'ipykernel', '--f=/r/kernel-1.json'], '/r/kernel-1.json'],
    [['node', 'main.js', 'kernel', '--connection-file', '/r/a.json'], '/r/a.json'],
    [['deno', 'jupyter', '--kernel', '--conn', '/r/a.json'], '/r/a.json'],
    [['R', '--slave', '-e', 'IRkernel::main()', '--args', '/r/kernel-1.json'], '/r/kernel-1.json'],
    [['xpython', '-f', '/r/kernel-x.json'], '/r/kernel-x.json'],
    [['jupyter', 'console', '--existing', '/r/my.json'], undefined],
    [['python', '-f', 'relative.json'], undefined],
    [[''], undefined],
  ])('%j have the connection file %s', (argv, file) => {
    expect(connectionFileIn(argv)).toBe(file);
  });

  test('make a tree, also where ids form a circle', () => {
    const all = new Map(
      [childOf(2, 1), childOf(3, 2), childOf(4, 3), childOf(5, 1), childOf(6, 7), childOf(7, 6)].map((one) => [
        one.pid,
        one,
      ]),
    );
    expect(processTree(2, all).map(({ pid }) => pid)).toEqual([2, 3, 4]);
    expect(processTree(6, all).map(({ pid }) => pid)).toEqual([6, 7]);
    expect(processTree(9, all)).toEqual([]);
  });
});

async function inEnvironment(
  names: readonly string[],
  use: (prefix: string, packages: string) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (prefix) => {
    const packages = join(prefix, 'lib/python3.12/site-packages');
    for (const name of names) await mkdir(join(packages, name), { recursive: true });
    await use(prefix, packages);
  });
}

const specStarting = (program: string) =>
  checkKernelSpec('k', '/none/share/jupyter/kernels/k', { argv: [program] }, '');

describe('a Python environment', () => {
  test('is read by the names of its metadata', async () => {
    await inEnvironment(
      ['jupyter_client-8.8.0.dist-info', 'Jupyter.Server-2.21.1.dist-info', 'other-1.dist-info', 'ipykernel'],
      async (prefix) => {
        const { versions } = await readPythonPackages(prefix);
        expect(Object.fromEntries(versions)).toEqual({ jupyter_client: '8.8.0', jupyter_server: '2.21.1' });
      },
    );
  });

  test.each([
    [{ jupyter_client: '8.10.0', ipykernel: '7.4.0', jupyter_server: '2.20' }, undefined, []],
    [{ jupyter_client: '8.8.0' }, true, ['jupyter-client-old']],
    [{ jupyter_client: '8.9.1' }, true, ['jupyter-client-broken']],
    [{ ipykernel: '7.2.0', jupyter_server: '2.19.9' }, true, ['ipykernel-old', 'jupyter-server-old']],
    [{ pyzmq: '27.0' }, false, ['pyzmq-without-curve']],
  ])('with %j and CURVE %s', (versions, curve, wanted) => {
    expect(
      ids(judgeVersions({ prefix: '/p', versions: new Map(Object.entries(versions)), folders: [] }, curve)),
    ).toEqual(wanted);
  });

  test('has CURVE if its libzmq says so', async () => {
    await inEnvironment(['pyzmq.libs'], async (prefix, packages) => {
      const environment = await readPythonPackages(prefix);
      expect(await hasCurve(environment)).toBeUndefined();
      await writeFile(join(packages, 'pyzmq.libs/libzmq-1.so'), 'ipc\0gssapi\0');
      expect(await hasCurve(environment)).toBe(false);
      await writeFile(join(packages, 'pyzmq.libs/libzmq-1.so'), 'ipc\0curve\0');
      expect(await hasCurve(environment)).toBe(true);
    });
  });

  test('needs lines for its server until the package or the configuration has them', async () => {
    await inEnvironment(
      ['jupyter_server-2.21.1.dist-info', 'jupyter_server/services/kernels'],
      async (prefix, packages) => {
        const environment = await readPythonPackages(prefix);
        const config = join(prefix, 'etc');
        expect(await checkServer(environment, [config])).toMatchObject([{ id: 'server-nodelay', mend: NODELAY_LINES }]);
        await mkdir(config);
        await writeFile(join(config, 'jupyter_server_config.py'), NODELAY_LINES);
        expect(await checkServer(environment, [config])).toEqual([]);
        await writeFile(join(packages, 'jupyter_server/services/kernels/websocket.py'), 'self.set_nodelay(True)');
        expect(await checkServer(environment, [])).toEqual([]);
      },
    );
  });

  test.each([
    ['7.2.0', '7.3', true],
    ['7.3', '7.3', false],
    ['7.10.0', '7.3', false],
    ['8', '7.3', false],
    ['7.3.0a1', '7.3', false],
    ['none', '7.3', false],
  ])('%s is older than %s: %s', (version, wanted, older) => {
    expect(isOlder(version, wanted)).toBe(older);
  });

  test('is that of the Python which a kernelspec starts', async () => {
    expect(await pythonPrefixOf(specStarting('/opt/env/bin/python3.11'), '/active')).toBe('/opt/env');
    expect(await pythonPrefixOf(specStarting('python'), '/active')).toBe('/active');
    expect(await pythonPrefixOf(specStarting('R'), '/active')).toBeUndefined();
  });
});

const about = (subject: string) => ({ subject, found: '', wanted: '', mend: '' });

test('findings are sorted by severity, id and subject, and the worst counts', () => {
  const found = [
    finding('spec-plain', about('b')),
    finding('unsigned', about('b')),
    finding('plain-text', about('z')),
    finding('unsigned', about('a')),
  ];
  expect(sortFindings(found).map(({ id, subject }) => `${id} ${subject}`)).toEqual([
    'unsigned a',
    'unsigned b',
    'plain-text z',
    'spec-plain b',
  ]);
  expect([worstOf([]), worstOf(found.slice(0, 1)), worstOf(found)]).toEqual([undefined, 'note', 'error']);
});

test('a word for a shell is quoted where it has to be', () => {
  expect(['/a/b-1.json', 'a b', "it's", '$(x)'].map(shellWord)).toEqual([
    '/a/b-1.json',
    "'a b'",
    String.raw`'it'\''s'`,
    "'$(x)'",
  ]);
});
