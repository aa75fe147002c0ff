/** Certificate files of ZeroMQ, which pyzmq and we both read and write. */
import { execFile } from 'node:child_process';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readCertificateFile, writeCertificateFiles } from '#src/keys/certificate-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { pythonPath } from '../support/python.js';
import { inOpenFolder, inTemporaryFolder, namesIn } from '../support/temporary-folder.js';

const run = promisify(execFile);

async function python<T>(code: string, ...args: string[]): Promise<T> {
  const { stdout } = await run(pythonPath(), ['-c', `import json, sys, zmq.auth\n${code}`, ...args]);
  return JSON.parse(stdout);
}

const LOAD = `
print(json.dumps([[key and key.decode() for key in zmq.auth.load_certificate(file)] for file in sys.argv[1:]]))`;

describe('certificate files', () => {
  test('are what pyzmq loads', () =>
    inTemporaryFolder(async (folder) => {
      const pair = await generateCurvePair();
      const files = await writeCertificateFiles(join(folder, 'me'), pair, { name: "Ada # O'Neil = x" });
      expect(files).toEqual({ publicFile: join(folder, 'me.key'), secretFile: join(folder, 'me.key_secret') });
      expect(await python(LOAD, files.publicFile, files.secretFile)).toEqual([
        [pair.publicKey, null],
        [pair.publicKey, exposeZ85(pair.secretKey)],
      ]);
      for (const name of await namesIn(folder)) expect((await stat(join(folder, name))).mode & 0o7777).toBe(0o600);
    }));

  test('of pyzmq are read here, once the secret one is private', () =>
    inOpenFolder(async (folder) => {
      const [publicFile, secretFile] = await python<[string, string]>(
        `print(json.dumps(zmq.auth.create_certificates(sys.argv[1], 'me', {'name': 'Ada # Lovelace'})))`,
        folder,
      );
      await chmod(publicFile, 0o644);
      await chmod(secretFile, 0o644);
      const [[publicKey, secretKey]] = await python<[[string, string]]>(LOAD, secretFile);
      expect(await readCertificateFile(publicFile)).toEqual({ publicKey, metadata: {} });
      await expect(readCertificateFile(secretFile)).rejects.toMatchObject({
        code: 'key-file-unsafe',
        hint: expect.stringContaining('chmod 600'),
      });
      await chmod(secretFile, 0o600);
      const certificate = await readCertificateFile(secretFile);
      expect(certificate).toMatchObject({ publicKey, metadata: { name: 'Ada # Lovelace' } });
      expect(certificate.secretKey && exposeZ85(certificate.secretKey)).toBe(secretKey);
    }));
});
