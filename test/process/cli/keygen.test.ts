import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readCertificateFile } from '#src/keys/certificate-file.js';
import { checkCurvePair, exposeZ85, secretKeyFromZ85 } from '#src/keys/curve-pair.js';
import { jupyterDataFolder } from '#src/launch/jupyter-paths.js';
import { createCommandLine, type CommandLine } from '../../support/command-line.js';
import { pythonPath } from '../../support/python.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { existsSync } from 'node:fs';

let line: CommandLine;
beforeAll(async () => {
  line = await createCommandLine();
});
afterAll(() => line.close());

test('prints a pair that belongs together', async () => {
  const { stdout, stderr, status } = await line.run('keygen');
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const [, publicKey = '', secretKey = ''] = /^public: (.{40})\nsecret: (.{40})\n$/.exec(stdout) ?? [];
  await checkCurvePair({ publicKey, secretKey: secretKeyFromZ85(secretKey, 'the printed key') });
});

test('--json prints the pair as one JSON value', async () => {
  const { stdout } = await line.run('keygen', '--json');
  expect(JSON.parse(stdout)).toEqual({ public: expect.any(String), secret: expect.any(String) });
});

test('warns when the secret key goes where others can read it', async () => {
  expect((await line.shell('umask 022; jupyter_curve keygen > loose')).stderr).toContain('warning: The secret key');
  expect((await line.shell('umask 077; jupyter_curve keygen > tight')).stderr).toBe('');
});

test('--out writes two private files, prints their names, and no key', async () => {
  const { stdout, stderr, status } = await line.run('keygen', '--out', 'alice');
  expect({ stdout, stderr, status }).toEqual({ stdout: 'alice.key\nalice.key_secret\n', stderr: '', status: 0 });
  for (const file of ['alice.key', 'alice.key_secret']) {
    expect((await stat(join(line.folder, file))).mode & 0o777).toBe(0o600);
  }
});

test('--out never overwrites a key', async () => {
  await writeFile(join(line.folder, 'bob.key_secret'), 'precious');
  const { stdout, stderr, status } = await line.run('keygen', '--out', 'bob');
  expect(stderr).toMatch(/^jupyter-curve: error: .*bob\.key_secret.*\njupyter-curve: hint: .*\n$/);
  expect({ stdout, status }).toEqual({ stdout: '', status: 3 });
});

test('--name keeps the pair where only its owner looks, and prints the public key alone', async () => {
  const { stdout, stderr, status } = await line.run('keygen', '--name', 'dora');
  const folder = join(await jupyterDataFolder(line.env), 'curve_keys');
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\S{40}\n$/) });
  expect(stderr).toContain(join(folder, 'dora.key_secret'));
  const { publicKey, secretKey, metadata } = await readCertificateFile(join(folder, 'dora.key_secret'));
  expect(metadata).toEqual({ name: 'dora' });
  expect(`${publicKey}\n`).toBe(stdout);
  expect(stderr).not.toContain(secretKey && exposeZ85(secretKey));
  expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, 'dora.key_secret'))).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
  expect(await line.run('keygen', '--name', 'dora')).toMatchObject({ stdout: '', status: 3 });
  expect(await line.run('keygen', '--name', '../dora')).toMatchObject({ stdout: '', status: 2 });
  const { stdout: json } = await line.run('keygen', '--name', 'emil', '--out', 'emil', '--json');
  expect(JSON.parse(json)).toMatchObject({ name: 'emil', publicFile: 'emil.key', secretFile: 'emil.key_secret' });
  expect(JSON.parse(json)).not.toHaveProperty('secret');
});

requireOrSkip('a Python with pyzmq', existsSync(pythonPath()))('pyzmq loads the files of --out', async () => {
  await line.run('keygen', '--out', 'carol');
  const program = 'import sys, zmq.auth; print([len(key) for key in zmq.auth.load_certificate(sys.argv[1])])';
  const { stdout } = await promisify(execFile)(pythonPath(), ['-c', program, join(line.folder, 'carol.key_secret')]);
  expect(stdout).toBe('[40, 40]\n');
});
