import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { sealText } from '#src/keys/seal.js';
import { createCommandLine, mainFile, type CommandLine } from '../../support/command-line.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

const python = existsSync(pythonPath());
let line: CommandLine;
beforeAll(async () => {
  line = await createCommandLine({ PATH: `${dirname(pythonPath())}${delimiter}${process.env['PATH']}` });
  await line.run('install');
});
afterAll(() => line.close());

/** Writes a notebook of these code cells, and returns its file name. */
function notebook(name: string, ...sources: string[]): Promise<string> {
  const empty = { cell_type: 'code', metadata: {}, outputs: [], execution_count: null };
  return notebookOf(
    name,
    sources.map((source, index) => ({ ...empty, id: `cell-${index}`, source })),
  );
}

async function notebookOf(name: string, cells: readonly object[]): Promise<string> {
  const metadata = { kernelspec: { name: 'typescript', display_name: 'TypeScript (Curve)', language: 'typescript' } };
  await writeFile(join(line.folder, name), JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }));
  return name;
}

interface Executed {
  readonly cells: readonly {
    readonly execution_count: number | null;
    readonly outputs: readonly { readonly output_type: string; readonly ename?: string; readonly text?: string[] }[];
  }[];
}

async function read(name: string): Promise<Executed> {
  const executed: Executed = JSON.parse(await readFile(join(line.folder, name), 'utf8'));
  return executed;
}

/** Names of the files that kernels leave while they run. */
const leftovers = async (): Promise<string[]> => {
  return readdir(join(line.folder, 'home/.local/share/jupyter/runtime')).catch(() => []);
};

describe('run', () => {
  test('prints what cells print and return, in order, when nothing is to be written', async () => {
    const file = await notebook('plain.ipynb', 'console.log("one"); console.error("two")', '1 + 2');
    const { stdout, stderr, status } = await line.run('run', file);
    expect({ stdout, status }).toEqual({ stdout: 'one\n3\n', status: 0 });
    expect(stderr).toContain('two\n');
  });

  test('tells how far it is in plain lines when nobody watches', async () => {
    const file = await notebook('lines.ipynb', '1', '2');
    const { stderr } = await line.run('run', file);
    expect(stderr.split('\n')).toEqual([
      'jupyter-curve: starting typescript',
      'jupyter-curve: [0/2] running code cell 1',
      'jupyter-curve: [1/2] running code cell 2',
      'jupyter-curve: [2/2] done',
      '',
    ]);
  });

  test('counts the code cells that run, and nothing else, and an error says both places of its cell', async () => {
    const text = { cell_type: 'markdown', metadata: {}, source: '# text' };
    const code = { cell_type: 'code', metadata: {}, outputs: [], execution_count: null };
    const cells = [
      text,
      { ...code, source: '1' },
      text,
      { ...code, source: ' ' },
      { ...code, source: 'throw 1' },
      text,
    ];
    const file = await notebookOf('counts.ipynb', cells);
    const { stderr } = await line.run('run', file);
    expect(stderr.match(/^jupyter-curve: \[.*/gm)).toEqual([
      'jupyter-curve: [0/2] running code cell 1',
      'jupyter-curve: [1/2] running code cell 2',
    ]);
    expect(stderr).toContain('jupyter-curve: error: Cell 5 (code cell 2) raised ');
  });

  requireOrSkip('a Python', python)('draws a bar on a terminal and takes it off at the end', async () => {
    const file = await notebook('bar.ipynb', 'console.log("shown")', '2');
    const program = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
    const args = ['-c', program, process.execPath, mainFile, 'run', file];
    const { stdout } = await promisify(execFile)(pythonPath(), args, { env: line.env, cwd: line.folder });
    expect(stdout).toContain('░ 0/2 running code cell 1\r\u001b[Kshown\r\n');
    expect(stdout).toMatch(/█{12}░{12} 1\/2 running code cell 2/);
    expect(stdout.endsWith(`${'█'.repeat(24)} 2/2 done\r\u001b[K`)).toBe(true);
  });

  requireOrSkip('a Python with nbformat', python)('writes a notebook that nbformat accepts', async () => {
    await copyFile(join(repository, 'examples/tour.ipynb'), join(line.folder, 'tour.ipynb'));
    const args = ['--output', 'executed.ipynb', '--transport-encryption', 'required'];
    const { stdout, stderr, status } = await line.run('run', 'tour.ipynb', ...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(stderr).toContain('jupyter-curve: wrote executed.ipynb\n');
    const program = 'import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=4))';
    await promisify(execFile)(pythonPath(), ['-c', program, join(line.folder, 'executed.ipynb')]);
    const counts = (await read('executed.ipynb')).cells.map((cell) => cell.execution_count).filter(Boolean);
    expect(counts).toEqual(counts.map((_, index) => index + 1));
  });

  test('--inplace writes over the notebook', async () => {
    const file = await notebook('inplace.ipynb', '6 * 7');
    expect(await line.run('run', file, '--inplace')).toMatchObject({ stdout: '', status: 0 });
    expect((await read(file)).cells[0]).toMatchObject({
      execution_count: 1,
      outputs: [{ output_type: 'execute_result' }],
    });
  });

  test('--json prints one value and nothing else, with how every channel was protected', async () => {
    const file = await notebook('json.ipynb', 'console.log("noise")');
    const { stdout, status } = await line.run('run', file, '--json', '--transport-encryption', 'required');
    const { channels, seconds, ...rest }: Record<string, unknown> = JSON.parse(stdout);
    expect(rest).toEqual({ status: 'ok', kernel: 'typescript', output: null });
    expect(seconds).toBeGreaterThan(0);
    const curve = {
      endpoint: expect.stringMatching(/^tcp:/),
      mechanism: 'curve',
      fingerprint: expect.stringMatching(/^SHA256:/),
    };
    expect(channels).toEqual({ shell: curve, iopub: curve, stdin: curve, control: curve, heartbeat: curve });
    expect(status).toBe(0);
  });

  test('--show-security ends with a table of endpoint, mechanism and fingerprint', async () => {
    const file = await notebook('table.ipynb', '1');
    const secure = await line.run('run', file, '--show-security', '--transport-encryption', 'required');
    expect(secure.stdout).toMatch(/^CHANNEL +ENDPOINT +MECHANISM +KEY FINGERPRINT$/m);
    expect(secure.stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);
    const open = await line.run('run', file, '--show-security', '--transport-encryption', 'disabled');
    expect(open.stdout.match(/^\w+ +tcp:\S+ +NULL \(plain text\) +-$/gm)).toHaveLength(5);
  });

  test('a failing cell ends the run with its traceback, an error, a hint and status 1, and what was run is kept', async () => {
    const file = await notebook('fails.ipynb', '"fine"', 'throw new RangeError("too far")', '"never"');
    const { stdout, stderr, status } = await line.run('run', file, '--output', 'failed.ipynb');
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
    expect(stderr).toContain('RangeError: too far');
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toMatch(
      /jupyter-curve: error: Cell 2 raised RangeError\.\njupyter-curve: hint: .*--allow-errors.*\n$/,
    );
    const { cells } = await read('failed.ipynb');
    expect(cells.map((cell) => cell.execution_count)).toEqual([1, 2, null]);
    expect(cells[1]?.outputs).toMatchObject([{ output_type: 'error', ename: 'RangeError' }]);
  });

  test('--json tells of a failing cell, too', async () => {
    const file = await notebook('fails-json.ipynb', 'throw new RangeError("too far")');
    const { stdout, status } = await line.run('run', file, '--json');
    const error = { code: 'cell-failed', message: 'Cell 1 raised RangeError.', cell: 0, hint: expect.any(String) };
    expect(JSON.parse(stdout)).toMatchObject({ status: 'error', error });
    expect(status).toBe(1);
  });

  test('what a cell prints after it has ended is kept, with that cell', async () => {
    const early = 'const told = new Promise((done) => setTimeout(() => { console.log("late"); done(); }, 100))';
    const file = await notebook('late.ipynb', `${early}; 0`, 'await told; "next"');
    expect(await line.run('run', file, '--inplace')).toMatchObject({ status: 0 });
    const [first, second] = (await read(file)).cells;
    expect(first?.outputs).toMatchObject([{ output_type: 'execute_result' }, { text: ['late\n'] }]);
    expect(second?.outputs).toMatchObject([{ output_type: 'execute_result' }]);
  });

  test('--allow-errors goes on', async () => {
    const file = await notebook('allowed.ipynb', 'throw new Error("no matter")', 'console.log("after")');
    expect(await line.run('run', file, '--allow-errors')).toMatchObject({ stdout: 'after\n', status: 0 });
  });

  test('--timeout interrupts a cell that takes longer, with status 1', async () => {
    const file = await notebook('slow.ipynb', 'while (true) {}');
    const { stderr, status } = await line.run('run', file, '--timeout', '0.5');
    expect(stderr).not.toContain('done');
    expect(stderr).toMatch(/jupyter-curve: error: Cell 1 did not end within 0.5 s\.\njupyter-curve: hint: .*--timeout/);
    expect(status).toBe(1);
  });

  test('Ctrl-C interrupts the cell, keeps what was run, and is status 130', async () => {
    const file = await notebook('spin.ipynb', 'console.log("kept")', 'console.log("spinning"); while (true) {}');
    const running = line.start('run', file, '--output', 'interrupted.ipynb', '--show-outputs');
    await running.wrote('spinning');
    running.child.kill('SIGINT');
    const { stderr, status } = await running.ended;
    expect(stderr).toMatch(
      /jupyter-curve: error: The run was interrupted at cell 2\.\njupyter-curve: hint: .*outputs up to here are in interrupted\.ipynb\.\n$/,
    );
    expect(status).toBe(130);
    expect((await read('interrupted.ipynb')).cells[0]?.outputs).toMatchObject([{ text: ['kept\n'] }]);
    expect(await leftovers()).toEqual([]);
  });

  test('Ctrl-C without a file to write to says that outputs were not kept, and how they would be', async () => {
    const file = await notebook('lost.ipynb', 'console.log("spinning"); while (true) {}');
    const running = line.start('run', file);
    await running.wrote('spinning');
    running.child.kill('SIGINT');
    const { stderr, status } = await running.ended;
    expect(stderr).toMatch(
      /interrupted at cell 1\.\njupyter-curve: hint: .*To keep the outputs.*--output.*--inplace\.\n$/,
    );
    expect(stderr).not.toMatch(/were kept|outputs up to here are in/);
    expect(status).toBe(130);
  });

  requireOrSkip('a Python with ipykernel', python)(
    'a second Ctrl-C ends a kernel that does not heed the first',
    async () => {
      const stubborn =
        'import time\nwhile True:\n    try:\n        print("deaf", flush=True); time.sleep(60)\n    except KeyboardInterrupt: pass';
      const file = await notebook('deaf.ipynb', stubborn);
      const running = line.start('run', file, '--kernel', 'python3');
      await running.wrote('deaf');
      running.child.kill('SIGINT');
      await running.wrote('deaf\ndeaf');
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ status: 130 });
      expect(await leftovers()).toEqual([]);
    },
  );

  test.each([0, 300])('Ctrl-C before the kernel is ready, %i ms after the start, gives it up', async (wait) => {
    const file = await notebook('early.ipynb', '1');
    const folder = join(line.folder, 'home/.local/share/jupyter/kernels/silent');
    await mkdir(folder, { recursive: true });
    const spec = { argv: ['sleep', '60'], display_name: 'Silent', language: 'none' };
    await writeFile(join(folder, 'kernel.json'), JSON.stringify(spec));
    const running = line.start('run', file, '--kernel', 'silent');
    await running.wrote('starting silent');
    await new Promise((resolve) => setTimeout(resolve, wait));
    running.child.kill('SIGINT');
    const { stderr, status } = await running.ended;
    expect(stderr).toMatch(/jupyter-curve: error: Interrupted before the kernel was ready\.\n/);
    expect(status).toBe(130);
    expect(await leftovers()).toEqual([]);
  });

  test.each([
    { what: 'a notebook that is not there', args: ['none.ipynb'], status: 3, error: /none\.ipynb could not be read/ },
    {
      what: 'a kernel that is not there',
      args: ['ok.ipynb', '-k', 'nope'],
      status: 4,
      error: /no kernel called "nope"/,
    },
    {
      what: 'a folder that is not there',
      args: ['ok.ipynb', '--output', 'no/x.ipynb'],
      status: 3,
      error: /no\/x\.ipynb could not be written/,
    },
  ])('$what is status $status', async ({ args, status, error }) => {
    await notebook('ok.ipynb', '1');
    const ended = await line.run('run', ...args);
    expect(ended.stderr).toMatch(/jupyter-curve: error: .*\njupyter-curve: hint: .*\n$/);
    expect(ended.stderr).toMatch(error);
    expect(ended).toMatchObject({ stdout: '', status });
  });

  test.each(['a folder', 'a read-only file', 'a pipe'])(
    'a target that is %s is refused before a cell has run',
    async (what) => {
      const file = await notebook('before.ipynb', 'require("node:fs").writeFileSync("ran", "")');
      const target = { 'a folder': 'home', 'a read-only file': 'read-only.ipynb', 'a pipe': 'pipe' }[what] ?? '';
      if (what === 'a read-only file') await writeFile(join(line.folder, target), 'precious', { mode: 0o444 });
      if (what === 'a pipe') await promisify(execFile)('mkfifo', [join(line.folder, target)]);
      const { stderr, status } = await line.run('run', file, '--output', target);
      expect(stderr).toContain(`error: The file ${target} could not be written.\n`);
      expect(status).toBe(3);
      expect(existsSync(join(line.folder, 'ran'))).toBe(false);
    },
  );

  test('a kernel that does not advertise curve runs behind the relay, and native refuses it before it is started', async () => {
    const file = await notebook('policy.ipynb', '1');
    const folder = join(line.folder, 'home/.local/share/jupyter/kernels/plain');
    await mkdir(folder, { recursive: true });
    const installed = await readFile(join(dirname(folder), 'typescript/kernel.json'), 'utf8');
    await writeFile(join(folder, 'kernel.json'), installed.replace('"curve"', '"tls"'));
    const refused = await line.run('run', file, '-k', 'plain', '--transport-encryption', 'native');
    expect(refused).toMatchObject({ stdout: '', status: 4 });
    for (const policy of ['auto', 'required']) {
      const relayed = await line.run('run', file, '-k', 'plain', '--transport-encryption', policy, '--show-security');
      const stderr = expect.not.stringContaining('warning');
      expect(relayed).toMatchObject({
        stderr,
        stdout: expect.stringMatching(/^1\n\n(.*\n)(.* CURVE .*\n){5}$/),
        status: 0,
      });
    }
  });

  test.each([
    ['UTF-8', Buffer.from('{"nbformat": 4, "metadata": {"x": "caf\u00e9"}}', 'latin1'), 'is not UTF-8'],
    ['JSON', Buffer.from('{"nbformat": 4,'), 'is not JSON: the text ends too early'],
    ['without a byte order mark', Buffer.from('\ufeff{}'), 'begins with a byte order mark'],
  ])('a notebook that is not %s is refused, and left as it is', async (_, bytes, problem) => {
    await writeFile(join(line.folder, 'odd.ipynb'), bytes);
    const { stdout, stderr, status } = await line.run('run', 'odd.ipynb', '--inplace');
    expect({ stdout, status }).toEqual({ stdout: '', status: 3 });
    expect(stderr).toMatch(/^jupyter-curve: error: .*\njupyter-curve: hint: .*\n$/);
    expect(stderr).toContain(`error: odd.ipynb ${problem}.\n`);
    expect(await readFile(join(line.folder, 'odd.ipynb'))).toEqual(bytes);
  });

  test('what was not executed is written as it was read: numbers, odd outputs, odd counts', async () => {
    const odd = '[{"output_type": "pyout", "metadata": [], "n": 9007199254740993}]';
    const code = '"cell_type": "code", "metadata": {"n": 1.0, "id": 12345678901234567890}';
    const cells = [
      `{${code}, "id": "a", "source": "1 + 1", "outputs": ${odd}, "execution_count": "5"}`,
      `{${code}, "id": "b", "source": "throw 1", "outputs": ${odd}, "execution_count": 1.5}`,
      `{${code}, "id": "c", "source": "not reached", "outputs": ${odd}, "execution_count": 7.0}`,
      `{"cell_type": "markdown", "metadata": {"n": NaN}, "id": "d", "source": "caf\u00e9", "later": -0}`,
    ];
    const metadata =
      '{"kernelspec": {"name": "typescript", "display_name": "x"}, "p": {"nan": NaN, "inf": -Infinity, "big": 1e400}}';
    await writeFile(
      join(line.folder, 'exact.ipynb'),
      `{"nbformat": 4, "nbformat_minor": 5, "metadata": ${metadata}, "cells": [${cells.join(', ')}]}`,
    );
    expect(await line.run('run', 'exact.ipynb', '--inplace')).toMatchObject({ status: 1 });
    const text = await readFile(join(line.folder, 'exact.ipynb'), 'utf8');
    const flat = text.replaceAll(/\n */g, ' ');
    for (const kept of [
      '"nan": NaN',
      '"inf": -Infinity',
      '"big": 1e400',
      '"later": -0',
      'caf\u00e9',
      '"execution_count": 7.0',
    ]) {
      expect(flat).toContain(kept);
    }
    expect(flat.match(/"n": 1\.0/g)).toHaveLength(3);
    expect(flat.match(/"id": 12345678901234567890/g)).toHaveLength(3);
    // The cells that ran have new outputs, the one that did not has those of the file.
    expect(flat.match(/"metadata": \[\], "n": 9007199254740993, "output_type": "pyout"/g)).toHaveLength(1);
    expect(flat.match(/"execution_count": [12],/g)).toHaveLength(3);
  });

  test('a notebook of nbformat 3 runs', async () => {
    const cells = [
      { cell_type: 'heading', level: 2, source: 'Old' },
      {
        cell_type: 'code',
        language: 'typescript',
        input: ['6 *', ' 7'],
        outputs: [{ output_type: 'pyout', text: '0' }],
      },
    ];
    const old = {
      nbformat: 3,
      nbformat_minor: 0,
      metadata: { kernelspec: { name: 'typescript' } },
      worksheets: [{ cells }],
    };
    await writeFile(join(line.folder, 'v3.ipynb'), JSON.stringify(old));
    expect(await line.run('run', 'v3.ipynb', '--output', 'v4.ipynb')).toMatchObject({ status: 0 });
    expect(JSON.parse(await readFile(join(line.folder, 'v4.ipynb'), 'utf8'))).toMatchObject({
      nbformat: 4,
      nbformat_minor: 5,
      cells: [{ cell_type: 'markdown', source: ['## Old'] }, { outputs: [{ data: { 'text/plain': ['42'] } }] }],
    });
  });

  requireOrSkip('a Python with ipykernel', python)(
    'a kernel that was started for the run leaves no cell in the history of IPython',
    async () => {
      const file = await notebook('history.ipynb', 'ip = get_ipython()', 'print(ip.history_manager.hist_file)');
      expect(await line.run('run', file, '--kernel', 'python3')).toMatchObject({ stdout: ':memory:\n', status: 0 });
      const folder = join(line.folder, 'home/.ipython/profile_default');
      expect(await readdir(folder)).not.toContain('history.sqlite');
    },
  );

  describe('parameters', () => {
    const tagged = { metadata: { tags: ['parameters'] }, cell_type: 'code', outputs: [], execution_count: null };
    const shows = { ...tagged, metadata: {}, source: 'console.log(JSON.stringify([rows, label, list]))' };
    const given = (): Promise<string> =>
      notebookOf('given.ipynb', [{ ...tagged, source: 'const rows: number = 1\nlet label = "a", list = [0]' }, shows]);

    test('come from files, then -p, then -r, and are kept in the notebook', async () => {
      await writeFile(
        join(line.folder, 'a.yaml'),
        'rows: 2 # a comment\nlabel: from a file\nlist:\n  - 1.0\n  - {a: yes}\n',
      );
      await writeFile(join(line.folder, 'b.json'), '{\n\t"rows": 3}');
      const files = ['--params', 'a.yaml', '-f', 'b.json'];
      const first = await line.run(
        'run',
        await given(),
        ...files,
        '-r',
        'label',
        '--5 "é"',
        '--show-outputs',
        '--output',
        'once.ipynb',
      );
      expect(first).toMatchObject({ stdout: '[3,"--5 \\"é\\"",[1,{"a":"yes"}]]\n', status: 0 });
      const written = await readFile(join(line.folder, 'once.ipynb'), 'utf8');
      expect(written).toContain('"injected-parameters"');
      const again = await line.run(
        'run',
        'once.ipynb',
        '-p',
        'rows',
        '-4',
        '-p',
        'label',
        '',
        '-p',
        'list',
        '[true, null]',
      );
      expect(again).toMatchObject({ stdout: '[-4,"",[true,null]]\n', status: 0 });
    });

    test('are set at the top, with a note, where no cell is tagged', async () => {
      const file = await notebook('untagged.ipynb', 'x * 2');
      const { stdout, stderr } = await line.run('run', file, '-p', 'x', '21');
      expect(stdout).toBe('42\n');
      expect(stderr).toContain('jupyter-curve: no cell is tagged "parameters"');
    });

    test.each([
      { what: 'a pair without a value', args: ['-p', 'x'], status: 2, error: /-p rows 5/ },
      {
        what: 'a name that is none',
        args: ['-p', 'a b', '1'],
        status: 2,
        error: /"a b" cannot be the name of a variable/,
      },
      {
        what: 'a list that is none',
        args: ['-p', 'x', '[1, SECRET'],
        status: 2,
        error: /--param x: the value is neither JSON nor YAML.*use -r/,
      },
      {
        what: 'a file that is not there',
        args: ['-f', 'none.yaml'],
        status: 3,
        error: /parameters file none\.yaml could not be read/,
      },
      {
        what: 'a file without names',
        args: ['-f', 'list.yaml'],
        status: 3,
        error: /parameters file list\.yaml does not hold names with values/,
      },
      {
        what: 'a file that is not YAML',
        args: ['-f', 'bad.yaml'],
        status: 3,
        error: /parameters file bad\.yaml is neither/,
      },
      {
        what: 'a file with an alias',
        args: ['-f', 'alias.yaml'],
        status: 3,
        error: /alias\.yaml refers to another value/,
      },
    ])('$what is refused', async ({ args, status, error }) => {
      await writeFile(join(line.folder, 'list.yaml'), '- SECRET\n');
      await writeFile(join(line.folder, 'bad.yaml'), 'a: [SECRET\n');
      await writeFile(join(line.folder, 'alias.yaml'), 'a: &x SECRET\nb: *x\n');
      const ended = await line.run('run', await given(), ...args);
      expect(ended.stderr).toMatch(error);
      expect(ended.stderr).not.toContain('SECRET');
      expect(ended).toMatchObject({ stdout: '', status });
      expect(await leftovers()).toEqual([]);
    });
  });

  test('a sealed grant is told from a notebook and from a connection file, whatever its mode', async () => {
    const { publicKey } = await generateCurvePair();
    await writeFile(join(line.folder, 'mail.sealed'), await sealText('{}', publicKey), { mode: 0o644 });
    const file = await notebook('sealed.ipynb', '1');
    for (const args of [['mail.sealed'], [file, '--existing', 'mail.sealed']]) {
      const { stdout, stderr, status } = await line.run('run', ...args);
      expect(stderr).toMatch(
        /error: mail\.sealed is a sealed grant, not a .*\njupyter-curve: hint: .*jupyter-curve accept mail\.sealed --out/,
      );
      expect({ stdout, status }).toEqual({ stdout: '', status: 3 });
    }
  });
});

const odd = async (name: string): Promise<void> => {
  const folder = join(line.folder, 'home/.local/share/jupyter/kernels', name);
  await mkdir(folder, { recursive: true });
  const argv = [
    pythonPath(),
    join(repository, 'test/support/kernel/programs/odd-messages.py'),
    name,
    '{connection_file}',
  ];
  await writeFile(join(folder, 'kernel.json'), JSON.stringify({ argv, display_name: name, language: 'x' }));
};

const warnings = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter((said) => said.includes('could not be read'))
    .map((said) => said.replace('jupyter-curve: ', ''));

describe('run on a kernel of which a message cannot be read', () => {
  requireOrSkip('a Python', python)(
    'says so once for each kind, and how many there were, and goes on if errors are allowed',
    async () => {
      await odd('output-content-broken');
      const file = await notebook('lost.ipynb', 'a', 'b', 'c');
      const run = await line.run(
        'run',
        file,
        '--kernel',
        'output-content-broken',
        '--allow-errors',
        '--output',
        'kept.ipynb',
      );
      const what = 'A message of type "stream" of the kernel could not be read: the content is not JSON';
      expect(warnings(run.stderr)).toEqual([`warning: ${what}; it was dropped.`, `warning: 2 more times: ${what}.`]);
      expect(run.status).toBe(0);
      const { cells } = await read('kept.ipynb');
      for (const { outputs } of cells) expect(outputs[0]?.text?.join('')).toContain('could not be read');
    },
  );

  requireOrSkip('a Python', python)(
    'ends with an error at a cell whose reply is lost, and keeps its output',
    async () => {
      await odd('reply-content-broken');
      const file = await notebook('reply.ipynb', 'a', 'b');
      const run = await line.run('run', file, '--kernel', 'reply-content-broken', '--output', 'reply-kept.ipynb');
      expect(run.stderr).toContain(
        'error: Cell 1 lost output or its end: A message of type "execute_reply" from the kernel on shell',
      );
      expect(run.status).toBe(6);
      const { cells } = await read('reply-kept.ipynb');
      expect(cells.map(({ outputs }) => outputs.map(({ text }) => text?.join('')))).toEqual([['out a\n'], []]);
    },
  );
});
