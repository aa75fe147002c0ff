import { execFile } from 'node:child_process';
import { chmod, chown, link, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from '@jest/globals';
import { writePrivateFile } from '#src/keys/write-private-file.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { runNode } from '../../support/run-node.js';
import { inOpenFolder, inTemporaryFolder, namesIn } from '../../support/temporary-folder.js';

const run = promisify(execFile);
const REPLACE = { kind: 'connection-file', replace: true } as const;
const CREATE = { kind: 'key-file', replace: false } as const;
const SOMEBODY = 65_534;

const isRoot = process.geteuid?.() === 0;
const asRoot = requireOrSkip('root user', isRoot);
const inNamespace = requireOrSkip(
  'mount namespaces',
  await run('unshare', ['--mount', 'true']).then(
    () => true,
    () => false,
  ),
);

const unsafe = (file: string, problem: RegExp): unknown =>
  expect.objectContaining({ code: 'connection-file-unsafe', message: expect.stringMatching(problem), data: { file } });

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o7777).toString(8);

describe('a private file', () => {
  test.each([0, 0o022, 0o077, 0o777])('is 0600 under umask %o, whether it is new or replaces another', (umask) =>
    inTemporaryFolder(async (folder) => {
      const before = process.umask(umask);
      try {
        for (const text of ['first', 'second']) {
          await writePrivateFile(join(folder, 'file'), text, REPLACE);
          expect(await modeOf(join(folder, 'file'))).toBe('600');
          expect(await readFile(join(folder, 'file'), 'utf8')).toBe(text);
        }
        await writePrivateFile(join(folder, 'new'), 'text', CREATE);
        expect(await modeOf(join(folder, 'new'))).toBe('600');
      } finally {
        process.umask(before);
      }
      expect(await namesIn(folder)).toEqual(['file', 'new']);
    }),
  );

  test('that was open to others is closed to them when it is replaced', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'file');
      await writeFile(file, 'old', { mode: 0o666 });
      await chmod(file, 0o666);
      await writePrivateFile(file, 'new', REPLACE);
      expect(await modeOf(file)).toBe('600');
    }));

  test('is replaced in one step: a reader who has the old one open keeps reading the old one', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'file');
      await writePrivateFile(file, 'old', REPLACE);
      const before = await stat(file);
      await writePrivateFile(file, 'new', REPLACE);
      expect((await stat(file)).ino).not.toBe(before.ino);
    }));

  test('is refused where the name is a symbolic link, and what it points to is left alone', () =>
    inTemporaryFolder(async (folder) => {
      const [victim, file] = [join(folder, 'victim'), join(folder, 'file')];
      await writeFile(victim, 'precious');
      await symlink(victim, file);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /symbolic link/));
      await expect(writePrivateFile(file, 'text', CREATE)).rejects.toMatchObject({ code: 'key-file-unwritable' });
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect(await namesIn(folder)).toEqual(['file', 'victim']);
    }));

  test('is refused where the name is a symbolic link to nothing, which is not created', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'file');
      await symlink(join(folder, 'nothing'), file);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /symbolic link/));
      await expect(writePrivateFile(file, 'text', CREATE)).rejects.toMatchObject({ code: 'key-file-unwritable' });
      expect(await namesIn(folder)).toEqual(['file']);
    }));

  test('never goes through a symbolic link that is planted again and again meanwhile', () =>
    inTemporaryFolder(async (folder) => {
      const [victim, file] = [join(folder, 'victim'), join(folder, 'file')];
      await writeFile(victim, 'precious');
      const attacker = new Worker(
        `const fs = require('node:fs'), { victim, file } = require('node:worker_threads').workerData;
        for (;;) { try { fs.rmSync(file, { force: true }); fs.symlinkSync(victim, file); } catch {} }`,
        { eval: true, workerData: { victim, file } },
      );
      try {
        const outcomes = new Set<string>();
        for (let attempt = 0; attempt < 300; attempt++) {
          outcomes.add(
            await writePrivateFile(file, 'text', REPLACE).then(
              () => 'written',
              (error: { code: string }) => error.code,
            ),
          );
        }
        expect([...outcomes].filter((code) => code !== 'written' && code !== 'connection-file-unsafe')).toEqual([]);
      } finally {
        await attacker.terminate();
      }
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect((await namesIn(folder)).filter((name) => name !== 'file')).toEqual(['victim']);
    }));

  test('never lands in a loose folder to which the way is redirected again and again meanwhile', () =>
    inOpenFolder(async (folder) => {
      const [good, loose, way] = [join(folder, 'good'), join(folder, 'loose'), join(folder, 'way')];
      await Promise.all([mkdir(good), mkdir(loose)]);
      await chmod(loose, 0o777);
      await symlink(good, way);
      const attacker = new Worker(
        `const fs = require('node:fs'), { good, loose, way } = require('node:worker_threads').workerData;
        for (;;) for (const target of [loose, good]) { fs.symlinkSync(target, way + '2'); fs.renameSync(way + '2', way); }`,
        { eval: true, workerData: { good, loose, way } },
      );
      try {
        for (let attempt = 0; attempt < 300; attempt++) {
          await writePrivateFile(join(way, 'file'), 'text', REPLACE).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'connection-file-unsafe' });
          });
        }
      } finally {
        await attacker.terminate();
      }
      expect(await namesIn(loose)).toEqual([]);
    }));

  test('is refused where the file has a second name', () =>
    inTemporaryFolder(async (folder) => {
      const [victim, file] = [join(folder, 'victim'), join(folder, 'file')];
      await writeFile(victim, 'precious');
      await link(victim, file);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /hard link/));
      expect(await readFile(victim, 'utf8')).toBe('precious');
    }));

  test('is refused where the name is a FIFO or a folder, without waiting for anybody', () =>
    inTemporaryFolder(async (folder) => {
      const [fifo, inner] = [join(folder, 'fifo'), join(folder, 'inner')];
      await run('mkfifo', [fifo]);
      await mkdir(inner);
      await expect(writePrivateFile(fifo, 'text', REPLACE)).rejects.toEqual(unsafe(fifo, /not a regular file/));
      await expect(writePrivateFile(inner, 'text', REPLACE)).rejects.toEqual(unsafe(inner, /not a regular file/));
      await expect(writePrivateFile(fifo, 'text', CREATE)).rejects.toMatchObject({ code: 'key-file-unwritable' });
      expect(await namesIn(folder)).toEqual(['fifo', 'inner']);
    }));

  test.each([0o777, 0o775, 0o707, 0o733])('is refused in a folder of mode %o, where others could replace it', (mode) =>
    inOpenFolder(async (folder) => {
      const [loose, file] = [join(folder, 'loose'), join(folder, 'loose', 'file')];
      await mkdir(loose);
      await chmod(loose, mode);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /other users can replace it/));
      await expect(writePrivateFile(file, 'text', CREATE)).rejects.toMatchObject({ code: 'key-file-unsafe' });
      expect(await namesIn(loose)).toEqual([]);
    }),
  );

  test('is written in a loose folder inside one that no other user can enter', () =>
    inOpenFolder(async (folder) => {
      await mkdir(join(folder, 'closed', 'loose'), { recursive: true });
      await chmod(join(folder, 'closed', 'loose'), 0o777);
      const file = join(folder, 'closed', 'loose', 'file');
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toMatchObject({ code: 'connection-file-unsafe' });
      await chmod(join(folder, 'closed'), 0o700);
      await writePrivateFile(file, 'text', REPLACE);
      expect(await modeOf(file)).toBe('600');
    }));

  test('is written in a loose folder by the word of the user, who is warned', () =>
    inOpenFolder(async (folder) => {
      const loose = join(folder, 'loose');
      await mkdir(loose);
      await chmod(loose, 0o777);
      const { stdout, stderr } = await runNode(
        `import { writePrivateFile } from '#src/keys/write-private-file.js';
        process.env.JUPYTER_ALLOW_INSECURE_WRITES = '1';
        await writePrivateFile(process.argv[1], 'text', { kind: 'key-file', replace: false });
        console.log('written');`,
        [join(loose, 'file')],
      );
      expect(stdout).toBe('written\n');
      expect(stderr).toMatch(/JupyterCurveWarning: .*other users can replace it.*JUPYTER_ALLOW_INSECURE_WRITES/);
    }));

  test('is refused in a loose folder that is reached by a symbolic link in a good one', () =>
    inOpenFolder(async (folder) => {
      await mkdir(join(folder, 'loose'));
      await chmod(join(folder, 'loose'), 0o777);
      await symlink(join(folder, 'loose'), join(folder, 'good'));
      const file = join(folder, 'good', 'file');
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /other users can replace it/));
    }));

  test.each([0o700, 0o755, 0o1777])('is written in a folder of mode %o, where nobody else can replace it', (mode) =>
    inTemporaryFolder(async (folder) => {
      const inner = join(folder, 'inner');
      await mkdir(inner);
      await chmod(inner, mode);
      await writePrivateFile(join(inner, 'file'), 'text', REPLACE);
      expect(await namesIn(inner)).toEqual(['file']);
    }),
  );

  test('that is to be new does not replace anything', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'file');
      await writePrivateFile(file, 'first', CREATE);
      await expect(writePrivateFile(file, 'second', CREATE)).rejects.toMatchObject({
        code: 'key-file-unwritable',
        message: expect.stringContaining('exists already'),
      });
      expect(await readFile(file, 'utf8')).toBe('first');
    }));

  test('in a folder that does not exist, or with an impossible name, is an error of ours', () =>
    inTemporaryFolder(async (folder) => {
      for (const name of ['none/file', 'x'.repeat(300), 'zero\0byte']) {
        await expect(writePrivateFile(join(folder, name), 'text', REPLACE)).rejects.toMatchObject({
          code: 'connection-file-unwritable',
        });
      }
      expect(await namesIn(folder)).toEqual([]);
    }));

  test('may have a name as long as the file system allows', () =>
    inTemporaryFolder(async (folder) => {
      await writePrivateFile(join(folder, 'x'.repeat(255)), 'text', REPLACE);
      expect(await namesIn(folder)).toEqual(['x'.repeat(255)]);
    }));

  test('written many times at once is one of the texts, whole, and nothing else is left', () =>
    inTemporaryFolder(async (folder) => {
      const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(5000));
      await Promise.all(texts.map((text) => writePrivateFile(join(folder, 'file'), text, REPLACE)));
      expect(texts).toContain(await readFile(join(folder, 'file'), 'utf8'));
      expect(await namesIn(folder)).toEqual(['file']);
    }));

  asRoot('is refused in the folder of another user, and over the file of another user', () =>
    inTemporaryFolder(async (folder) => {
      const [theirs, file] = [join(folder, 'theirs'), join(folder, 'theirs', 'file')];
      await mkdir(theirs);
      await chown(theirs, SOMEBODY, SOMEBODY);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /another user/));
      await chown(theirs, 0, 0);
      await writeFile(file, 'planted', { mode: 0o600 });
      await chown(file, SOMEBODY, SOMEBODY);
      await expect(writePrivateFile(file, 'text', REPLACE)).rejects.toEqual(unsafe(file, /another user/));
      expect(await namesIn(theirs)).toEqual(['file']);
      expect(await readFile(file, 'utf8')).toBe('planted');
    }),
  );

  inNamespace('leaves nothing behind on a full disk, and the old file as it was', async () => {
    const { stdout } = await inSmallFileSystem(`
      await fs.writeFile(file, 'old');
      for (const replace of [true, false]) {
        const name = replace ? file : file + '2';
        await writePrivateFile(name, 'x'.repeat(1 << 20), { kind: 'connection-file', replace }).catch(show);
      }
      console.log(await fs.readdir(folder), await fs.readFile(file, 'utf8'));
    `);
    expect(stdout).toMatch(
      /connection-file-unwritable .*ENOSPC.*\nconnection-file-unwritable .*ENOSPC.*\n\[ 'file' \] old\n$/,
    );
  });
});

/** Runs code in a file system of a few kilobytes, in a mount namespace of its own. */
async function inSmallFileSystem(code: string): Promise<{ stdout: string }> {
  let ended = { stdout: '', stderr: '' };
  await inTemporaryFolder(async (folder) => {
    const prepare = `mount -t tmpfs -o size=16k,mode=700 tmpfs '${folder}' && exec "$@"`;
    ended = await runNode(
      `import fs from 'node:fs/promises';
      import { writePrivateFile } from '#src/keys/write-private-file.js';
      const folder = process.argv[1], file = folder + '/file';
      const show = (error) => console.log(error.code, error.message);
      ${code}`,
      [folder],
      ['unshare', '--mount', 'sh', '-c', prepare, 'sh'],
    );
  });
  expect(ended.stderr).toBe('');
  return ended;
}
