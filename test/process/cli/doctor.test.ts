/** `doctor` over real kernels, kernelspecs that lie, loose files and a process that is no kernel. The tests build on each other. */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { createCommandLine, type CommandLine, type Running } from '../../support/command-line.js';
import { eventually } from '../../support/eventually.js';
import { ACTS, openFiveListeners, type FiveListeners } from '../../support/five-listeners.js';
import { openSender } from '../../support/kernel/sender.js';
import { fixtureKernel } from '../../support/kernel/workplace.js';
import { pythonPath } from '../../support/python.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { sampleConnection, sampleFields } from '../../support/sample-connection.js';

interface Found {
  readonly id: string;
  readonly severity: string;
  readonly subject: string;
  readonly found: string;
  readonly mend: string;
  readonly fixable: boolean;
  readonly fixed: boolean;
}

let line: CommandLine;
const listeners: FiveListeners[] = [];
const runtime = (): string => join(line.folder, 'home/.local/share/jupyter/runtime');
const kernels = (): string => join(line.folder, 'home/.local/share/jupyter/kernels');
const python = requireOrSkip(
  'a Python with ipykernel',
  await readFile(pythonPath()).then(
    () => true,
    () => false,
  ),
);

async function examine(...args: string[]) {
  const { stdout, stderr, status } = await line.run('doctor', '--json', ...args);
  const told: { readonly findings: readonly Found[]; readonly kernels: number; readonly kernelspecs: number } =
    JSON.parse(stdout);
  const about = (part: string): readonly string[] =>
    told.findings.filter(({ subject }) => subject.includes(part)).map(({ id }) => id);
  return { ...told, stdout, stderr, status, about };
}

async function describeKernel(name: string, argv: readonly string[], metadata: object): Promise<void> {
  await mkdir(join(kernels(), name), { recursive: true });
  await writeFile(
    join(kernels(), name, 'kernel.json'),
    JSON.stringify({ argv, display_name: name, language: 'none', metadata }),
  );
}

async function plant(name: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(join(runtime(), name), text, { mode });
  await chmod(join(runtime(), name), mode);
}

/** A kernel that ends when it is disposed of. */
async function startKernel(...args: string[]): Promise<Running & AsyncDisposable> {
  const running = line.start('start', ...args);
  await running.wrote(`${args.at(-1) ?? ''}\n`);
  const dispose = async (): Promise<void> => {
    running.child.kill('SIGTERM');
    await running.ended;
  };
  return { ...running, [Symbol.asyncDispose]: dispose };
}

beforeAll(async () => {
  // Only what is installed in the home is there, and a Python for the kernels.
  line = await createCommandLine({ PATH: `${dirname(pythonPath())}${delimiter}${process.env['PATH'] ?? ''}` });
  await chmod(line.folder, 0o755);
  await mkdir(runtime(), { recursive: true, mode: 0o700 });
  for (const folder of ['.', '.local', '.local/share', '.local/share/jupyter'])
    await chmod(join(line.folder, 'home', folder), 0o755);
  await line.run('install');
}, 60_000);
afterAll(async () => {
  await line.close();
  for (const each of listeners) await each.close();
});

test('where nothing is wrong it says what it has examined, with status 0', async () => {
  const { stdout, status } = await line.run('doctor');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^\d+ kernelspecs?, 0 running kernels, \d Python environments?: (nothing to mend|\d+ notes?)\n$/m,
  );
});

describe('a running kernel', () => {
  python(
    'in plain text is a warning, with the words of ipykernel and the command that mends it; the status is 8',
    async () => {
      const file = join(runtime(), 'kernel-plain.json');
      await using kernel = await startKernel(
        '-k',
        'python3',
        '--transport-encryption',
        'disabled',
        '--connection-file',
        file,
      );
      await using sender = await openSender(file);
      const { findings, status, about } = await examine();
      expect(status).toBe(8);
      expect(about(file)).toEqual(['plain-text']);
      expect(findings.find(({ id }) => id === 'plain-text')).toMatchObject({
        severity: 'warning',
        found: expect.stringContaining('Kernel is running over TCP without encryption'),
        mend: 'jupyter-curve start --kernel python3 --transport-encryption required',
      });
      // A debugger that a front end has turned on listens in a process of its own.
      const initialize = { type: 'request', seq: 1, command: 'initialize', arguments: {} };
      await sender.send('control', 'debug_request', initialize);
      const ports = await eventually(async () => {
        const found = (await examine()).findings.filter(({ id }) => id === 'debugger-port');
        return found.length > 0 ? found : undefined;
      });
      expect(ports).toMatchObject([
        { subject: expect.stringContaining(file), found: expect.stringContaining('debugpy') },
      ]);
      expect(kernel.child.exitCode).toBeNull();
    },
    120_000,
  );

  test('of jupyter-curve is in order, with its grants, and its own ports are no debugger', async () => {
    await using kernel = await startKernel('--connection-file', 'shared.json');
    await line.run(
      'grant',
      '--existing',
      'shared.json',
      '--name',
      'alice',
      '--role',
      'observer',
      '--out',
      'alice.json',
    );
    const { findings, kernels: count } = await examine();
    expect(count).toBe(1);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(kernel.child.exitCode).toBeNull();
  });

  test('whose file has keys and whose sockets speak plain text is an error, with status 9', async () => {
    const opened = await openFiveListeners(ACTS.namesNull);
    listeners.push(opened);
    await plant('kernel-liar.json', formatConnectionInfo(await sampleConnection(opened.address)));
    const { about, status } = await examine();
    expect(about('kernel-liar.json')).toEqual(['keys-ignored']);
    expect(status).toBe(9);
  });

  test.each([
    ['saysNothing', 'no-answer'],
    ['floods', 'no-answer'],
    ['claimsCurve', 'keys-unproven'],
  ] as const)('that is none and %s is %s', async (act, id) => {
    const opened = await openFiveListeners(ACTS[act]);
    listeners.push(opened);
    await plant(`kernel-${act}.json`, formatConnectionInfo(await sampleConnection(opened.address)));
    expect((await examine()).about(`kernel-${act}.json`)).toEqual([id]);
  });
});

describe('files', () => {
  test('with half a pair, or of a kernel that is gone, are found', async () => {
    await plant('kernel-half.json', JSON.stringify({ ...(await sampleFields()), curve_publickey: undefined }));
    await plant('kernel-gone.json', JSON.stringify(await sampleFields()));
    const { findings } = await examine();
    expect(findings.find(({ id }) => id === 'file-left')?.mend).toContain('kernel-gone.json');
  });

  test('that others can read are errors; --fix takes that away, says so and how to undo it', async () => {
    await chmod(runtime(), 0o755);
    await chmod(join(runtime(), 'kernel-liar.json'), 0o644);
    const before = await examine();
    expect(before.about('kernel-liar.json')).toEqual(['file-readable', 'keys-ignored']);
    expect(before.findings.find(({ id }) => id === 'runtime-folder-open')).toMatchObject({
      fixable: true,
      fixed: false,
    });
    const { findings, stderr } = await examine('--fix');
    expect(findings.filter(({ fixable }) => fixable).every(({ fixed }) => fixed)).toBe(true);
    expect(stderr).toContain(`"chmod 0644 ${join(runtime(), 'kernel-liar.json')}" brings them back`);
    expect((await stat(runtime())).mode & 0o777).toBe(0o700);
    expect((await stat(join(runtime(), 'kernel-liar.json'))).mode & 0o777).toBe(0o600);
    expect((await examine()).about('kernel-liar.json')).toEqual(['keys-ignored']);
  });
});

describe('kernelspecs', () => {
  python(
    'that claim Curve are started only with --start, which tells those that lie',
    async () => {
      const mark = join(line.folder, 'started');
      const run = ['sh', '-c', `echo >> ${mark}; exec "$@"`, 'sh'];
      const odd = [...run, pythonPath(), fixtureKernel('odd-kernel.py'), '{connection_file}', 'plaintext'];
      await describeKernel('liar', odd, { supported_encryption: ['curve'] });
      await describeKernel('broken', [process.execPath, fixtureKernel('ends-at-once.mjs')], {
        supported_encryption: ['curve'],
      });
      await describeKernel('plain', [process.execPath, '-e', ''], {});
      const { findings } = await examine();
      expect(findings.filter(({ id }) => id === 'spec-plain').map(({ mend }) => mend)).toEqual([
        'jupyter-curve wrap plain',
      ]);
      expect(await readFile(mark).catch(() => 'not started')).toBe('not started');
      const started = await examine('--start');
      expect(started.about('liar (')).toEqual(['spec-lies']);
      expect(started.about('broken (')).toEqual(['spec-does-not-start']);
      expect(started.about(`typescript (${kernels()}`)).toEqual([]);
    },
    180_000,
  );

  test('without their program, or that cannot be read, are warnings', async () => {
    await describeKernel('lost', ['/none/kernel'], {});
    await describeKernel('torn', [], {});
    await writeFile(join(kernels(), 'torn/kernel.json'), '{"argv":');
    const { about } = await examine();
    expect(about('lost (')).toContain('spec-program-missing');
    expect(about('torn/kernel.json')).toEqual(['spec-broken']);
  });
});

test('the text has a paragraph for each finding, the worst first, and a line that counts them', async () => {
  const { stdout, status } = await line.run('doctor');
  expect(status).toBe(9);
  expect(stdout).toMatch(
    /^ERROR {3}keys-ignored: .*kernel-liar\.json\)\n {2}found {3}.*\n {2}wanted {2}.*\n {2}mend {4}.*\n\n/,
  );
  expect(stdout).toMatch(
    /\n\n\d+ kernelspecs, 4 running kernels, \d Python environments?: \d+ errors?, \d+ warnings?, \d+ notes?\n$/,
  );
});

test('no key of any file is in what inspect, status and doctor print', async () => {
  const names = ['kernel-liar.json', 'kernel-claimsCurve.json', 'kernel-half.json', 'kernel-gone.json'].map((name) =>
    join(runtime(), name),
  );
  const secrets = (await Promise.all(names.map((name) => readFile(name, 'utf8')))).flatMap((text) => {
    const fields: Record<string, string> = JSON.parse(text);
    return ['key', 'curve_publickey', 'curve_secretkey'].map((name) => fields[name] ?? '').filter((one) => one !== '');
  });
  expect(secrets.length).toBeGreaterThan(8);
  const commands = [['status'], ['doctor'], ['doctor', '--fix'], ...names.map((name) => ['inspect', name, '--probe'])];
  for (const command of commands) {
    for (const args of [command, [...command, '--json']]) {
      const { stdout, stderr } = await line.run(...args);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  }
}, 120_000);

test('what no connection file names is sent nothing, and a process that is no kernel gets no message', () => {
  for (const bytes of listeners.flatMap(({ received }) => received)) {
    expect(bytes.toString('latin1')).not.toMatch(/request|<IDS\|MSG>/);
  }
});
