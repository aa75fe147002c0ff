import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readCertificateFile, writeCertificateFiles } from '#src/keys/certificate-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { inTemporaryFolder, namesIn } from '../../support/temporary-folder.js';

describe('certificate files', () => {
  test('of CZMQ are read here', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'czmq_secret');
      const text = [
        '#   ZeroMQ CURVE **Secret** Certificate',
        '',
        'metadata',
        '    email = "ada@example.org"',
        "    organization = 'Analytical Engines'",
        'curve',
        '    public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"',
        '    secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"',
      ];
      await writeFile(file, text.join('\r\n'), { mode: 0o600 });
      const { publicKey, secretKey, metadata } = await readCertificateFile(file);
      expect(publicKey).toBe('Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID');
      expect(secretKey && exposeZ85(secretKey)).toBe('D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs');
      expect(metadata).toEqual({ email: 'ada@example.org', organization: 'Analytical Engines' });
    }));

  test('come back as they were written', () =>
    inTemporaryFolder(async (folder) => {
      const pair = await generateCurvePair();
      const metadata = { name: 'Zoë # 1', 'a.b-c/d': '', e: "it's = fine" };
      const { secretFile, publicFile } = await writeCertificateFiles(join(folder, 'me'), pair, metadata);
      const read = await readCertificateFile(secretFile);
      expect(read.metadata).toEqual(metadata);
      expect(read.secretKey?.equals(pair.secretKey)).toBe(true);
      expect(await readFile(publicFile, 'utf8')).not.toContain(exposeZ85(pair.secretKey));
    }));

  test.each(['me.key', 'me.key_secret'])('are both new or not written at all, when there is a %s', (name) =>
    inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, name), 'precious');
      const writing = writeCertificateFiles(join(folder, 'me'), await generateCurvePair());
      await expect(writing).rejects.toMatchObject({ code: 'key-file-unwritable' });
      expect(await namesIn(folder)).toEqual([name]);
      expect(await readFile(join(folder, name), 'utf8')).toBe('precious');
    }),
  );

  test('are not written through a symbolic link, nor for half of two pairs', () =>
    inTemporaryFolder(async (folder) => {
      const [one, other] = [await generateCurvePair(), await generateCurvePair()];
      await symlink(join(folder, 'elsewhere'), join(folder, 'me.key'));
      const writing = writeCertificateFiles(join(folder, 'me'), one);
      await expect(writing).rejects.toMatchObject({ code: 'key-file-unwritable' });
      const mixing = writeCertificateFiles(join(folder, 'you'), { ...one, secretKey: other.secretKey });
      await expect(mixing).rejects.toMatchObject({ code: 'key-mismatch' });
      expect(await namesIn(folder)).toEqual(['me.key']);
    }));

  test.each([
    ['a name that pyzmq takes for a key', { 'public-key': 'x' }],
    ['a name that begins like a key', { 'secret-key-id': 'x' }],
    ['a name with a space', { 'a b': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a value with a quotation mark', { a: 'x"y' }],
    ['a value of two lines', { a: 'x\n    public-key = "y"' }],
  ])('cannot hold metadata with %s', (_, metadata) =>
    inTemporaryFolder(async (folder) => {
      const writing = writeCertificateFiles(join(folder, 'me'), await generateCurvePair(), metadata);
      await expect(writing).rejects.toThrow(TypeError);
      expect(await namesIn(folder)).toEqual([]);
    }),
  );

  test('that are none, are half, or do not match, are named without a word of their content', () =>
    inTemporaryFolder(async (folder) => {
      const [one, other] = [await generateCurvePair(), await generateCurvePair()];
      const file = join(folder, 'file');
      const secret = exposeZ85(other.secretKey);
      for (const text of [
        '',
        'nothing of the kind',
        `curve\n    secret-key = "${secret}"\n`,
        `curve\n    public-key = "${secret}x"\n`,
        `curve\n    public-key = "${one.publicKey}"\n    secret-key = "${secret}"\n`,
        `metadata\n    public-key = "${one.publicKey}"\n`,
        `__proto__\n    public-key = "${one.publicKey}"\n`,
      ]) {
        await writeFile(file, text, { mode: 0o600 });
        const error = await readCertificateFile(file).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'key-file-invalid', data: { file } });
        expect(String(error)).not.toContain(secret);
        expect(String(error)).toContain(file);
      }
      await expect(readCertificateFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'key-file-missing' });
    }));
});
