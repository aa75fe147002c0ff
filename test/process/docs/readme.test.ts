/** Every block of README.md is run, in order of appearance, as a reader would run it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { Secret } from '#src/keys/secret.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { attach } from '#src/manager/services/attach.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import { eventually } from '../../support/eventually.js';
import { createCommandLine, mainFile, type CommandLine } from '../../support/command-line.js';
import { pythonPath } from '../../support/python.js';
import { repository } from '../../support/repository.js';
import { requireOrSkip } from '../../support/require-or-skip.js';

const run = promisify(execFile);
const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  .map(([, language = '', text = '']) => ({ language, text }))
  .filter(({ language }) => language !== 'text');
const withPython = requireOrSkip('a Python with the Jupyter stack', existsSync(pythonPath()));

let line: CommandLine;
let scripts: string;
beforeAll(async () => {
  const bin = await mkdtemp(join(tmpdir(), 'jc-bin-'));
  // What `npm install --global .` makes, without changing this machine.
  await symlink(mainFile, join(bin, 'jupyter-curve'));
  const path = [bin, dirname(pythonPath()), dirname(process.execPath), process.env['PATH']].join(delimiter);
  line = await createCommandLine({ PATH: path });
  await symlink(join(repository, 'examples'), join(line.folder, 'examples'));
  await line.run('install');
  // Inside the package, so that its own name can be imported.
  scripts = join(repository, '.cache', `readme-${process.pid}`);
  await mkdir(scripts, { recursive: true });
});
afterAll(async () => {
  await rm(scripts, { recursive: true, force: true });
  await rm(line.env['PATH']?.split(delimiter)[0] ?? '', { recursive: true, force: true });
  await line.close();
});

/** The n-th block, which must be in that language. */
function block(index: number, language: string): string {
  expect(blocks[index]?.language).toBe(language);
  return blocks[index]?.text ?? '';
}

const shell = (script: string): Promise<{ stdout: string; stderr: string }> =>
  run('sh', ['-ec', script], { env: line.env, cwd: line.folder });

const python = (program: string): Promise<{ stdout: string; stderr: string }> =>
  run(pythonPath(), ['-c', program], { env: line.env, cwd: line.folder });

/** Type-checks a block and compiles it; returns the file to run. */
async function compile(name: string, text: string): Promise<string> {
  await writeFile(join(scripts, `${name}.ts`), text);
  const options = {
    rootDir: '.',
    outDir: 'out',
    declaration: false,
    sourceMap: false,
    typeRoots: ['../../node_modules/@types'],
  };
  const config = { extends: '../../tsconfig.json', compilerOptions: options, include: [`${name}.ts`] };
  await writeFile(join(scripts, `${name}.json`), JSON.stringify(config));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', join(scripts, `${name}.json`)]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
  return join(scripts, 'out', `${name}.js`);
}

const node = (file: string): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, [file], { env: line.env, cwd: line.folder });

test('the command is installed by npm, installs the kernel, and runs the tour encrypted', async () => {
  const [install = '', ...rest] = block(0, 'sh').split('\n');
  const prefix = join(line.folder, 'npm');
  await mkdir(join(prefix, 'lib'), { recursive: true });
  await run('sh', ['-ec', install], { env: { ...line.env, npm_config_prefix: prefix }, cwd: repository });
  expect(await readdir(join(prefix, 'bin'))).toEqual(['jupyter-curve']);
  const { stdout } = await shell(rest.join('\n'));
  expect(stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);
});

test('npm start runs the tour encrypted and ends with the table', async () => {
  const { stdout } = await run('sh', ['-ec', block(1, 'sh')], { env: line.env, cwd: repository });
  expect(stdout.match(/^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/gm)).toHaveLength(5);
});

withPython('JupyterLab starts with the policy', async () => {
  const command = block(2, 'sh').trim();
  const settings = '--no-browser --allow-root --port=0 --ServerApp.port_retries=0';
  const server = spawn('sh', ['-ec', `exec ${command} ${settings}`], {
    env: line.env,
    cwd: line.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await heard(server, 'is running at');
    expect(server.exitCode).toBeNull();
  } finally {
    await end(server);
  }
});

withPython('jupyter_client starts the kernel encrypted', async () => {
  expect((await python(block(3, 'python'))).stdout).toBe('42\n');
});

withPython('nbclient runs a notebook encrypted', async () => {
  const program = `${block(4, 'python')}
print(sum(bool(cell.get("outputs")) for cell in notebook.cells) > 5)`;
  expect((await python(program)).stdout).toBe('True\n');
});

test('connectServices starts a kernel, executes, and says how the channel is protected', async () => {
  const { stdout, stderr } = await node(await compile('services', block(5, 'ts')));
  expect(stderr).toBe('');
  // What the program prints, and nothing that a library does.
  expect(
    stdout.match(/^\S.*$/gm)?.filter((text) => !/^(?:status|execute_input|execute_result) \{|^\}|^curve$/.test(text)),
  ).toEqual([]);
  expect(stdout).toContain('execute_result');
  expect(stdout).toContain('[ 1, 4, 9 ]');
  expect(stdout).toMatch(/^curve$/m);
});

test('attach reaches a kernel that is running already', async () => {
  const home = join(line.folder, 'attached');
  await mkdir(home, { mode: 0o700 });
  const running = line.start('start', '--connection-file', join(home, 'kernel.json'));
  await running.wrote('kernel.json\n');
  const file = await compile('attach', block(6, 'ts'));
  const { stdout, stderr } = await run(process.execPath, [file], { env: line.env, cwd: home });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^\{/);
  expect(stdout).toContain("'max'");
  running.child.kill('SIGTERM');
  expect((await running.ended).status).toBe(0);
});

test('serveKernel makes a kernel of a few lines', async () => {
  const file = await compile('shouting', block(7, 'ts'));
  const connectionFile = join(line.folder, 'home', 'shouting.json');
  const ports = { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 };
  await writeConnectionFile(connectionFile, {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports,
    key: Secret.fromText('a key for signatures'),
    signatureScheme: 'hmac-sha256',
    curve: await generateCurvePair(),
    extra: {},
  });
  const kernel = spawn(process.execPath, [file, connectionFile], {
    env: line.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await eventually(() => {
      expect(kernel.exitCode).toBeNull();
      return !readFileSync(connectionFile, 'utf8').includes('"shell_port": 0');
    }, 'the kernel listens');
    using quiet = quietServices(console, () => undefined);
    expect(quiet).toBeDefined();
    const attached = await attach(connectionFile);
    const future = attached.connection.requestExecute({ code: 'hello' });
    const results: unknown[] = [];
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type === 'execute_result') results.push(content);
    };
    await future.done;
    expect(results).toMatchObject([{ data: { 'text/plain': 'HELLO' } }]);
    await attached.connection.shutdown();
    await attached.close();
  } finally {
    await end(kernel);
  }
});

test('the commands for the shell work as they stand', async () => {
  const { stdout } = await shell(block(8, 'sh'));
  expect(stdout).toBe('alice.key\nalice.key_secret\n');
  expect(existsSync(join(line.folder, 'executed.ipynb'))).toBe(true);
});

test('a kernel is shared read-only, and taken back', async () => {
  const running = line.start('start', '--connection-file', 'kernel.json');
  await running.wrote('kernel.json\n');
  const { stdout } = await shell(block(9, 'sh'));
  expect(stdout).toMatch(/^alice\.json\nNAME .*\nowner +owner .*\nalice +observer .*\nalice SHA256:\S+\n$/);
  running.child.kill('SIGTERM');
  expect((await running.ended).status).toBe(0);
});

test('another kernel is wrapped, and status lists what runs', async () => {
  const ir = join(line.folder, 'home/.local/share/jupyter/kernels/ir');
  await mkdir(ir, { recursive: true });
  const argv = [pythonPath(), '-m', 'ipykernel_launcher', '-f', '{connection_file}'];
  await writeFile(join(ir, 'kernel.json'), JSON.stringify({ argv, display_name: 'In place of R', language: 'R' }));
  const { stdout } = await shell(block(10, 'sh'));
  const [folder = ''] = stdout.split('\n');
  expect(JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8'))).toMatchObject({
    display_name: 'In place of R (encrypted)',
    metadata: { supported_encryption: ['curve'] },
  });
});

test('the test command is one of package.json', async () => {
  expect(block(11, 'sh')).toBe('npm test\n');
  const { scripts: commands } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
  expect(commands).toHaveProperty('test');
});

test('no block is left out', () => {
  expect(blocks).toHaveLength(12);
});

function heard(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes(words)) resolve();
    });
    child.once('exit', () => reject(new Error(`ended without "${words}":\n${text}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await ended;
  clearTimeout(forced);
}
