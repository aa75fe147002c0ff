import { execFile } from 'node:child_process';
import { chmod, chown, lchown, link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from '@jest/globals';
import { readPrivateFile } from '#src/keys/read-private-file.js';
import { requireOrSkip } from '../../support/require-or-skip.js';
import { runNode } from '../../support/run-node.js';
import { inOpenFolder, inTemporaryFolder } from '../../support/temporary-folder.js';

const OPTIONS = { kind: 'connection-file', maxBytes: 100 } as const;
const PUBLIC = { ...OPTIONS, isSecret: () => false };
const SOMEBODY = 65_534;
const asRoot = requireOrSkip('root user', process.geteuid?.() === 0);

const refused = (code: string, file: string, problem: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(problem), data: { file } });

async function makeFile(folder: string, mode = 0o600): Promise<string> {
  const file = join(folder, 'file');
  await writeFile(file, 'text');
  await chmod(file, mode);
  return file;
}

async function makeFolder(parent: string, name: string, mode: number): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  await chmod(folder, mode);
  return folder;
}

describe('a private file is read', () => {
  test.each([0o600, 0o400, 0o700])('with mode %o', (mode) =>
    inTemporaryFolder(async (folder) =>
      expect(await readPrivateFile(await makeFile(folder, mode), OPTIONS)).toBe('text'),
    ),
  );

  test.each([0o644, 0o640, 0o604])('with mode %o in an open folder only if it holds no secret', (mode) =>
    inOpenFolder(async (folder) => {
      const file = await makeFile(folder, mode);
      expect(await readPrivateFile(file, PUBLIC)).toBe('text');
      const reading = readPrivateFile(file, OPTIONS);
      await expect(reading).rejects.toEqual(refused('connection-file-unsafe', file, /other users can read/));
      await expect(reading).rejects.toMatchObject({ hint: expect.stringContaining(`chmod 600 '${file}'`) });
    }),
  );

  test.each([0o620, 0o602, 0o666])('with mode %o in an open folder in no case, as others could change it', (mode) =>
    inOpenFolder(async (folder) => {
      const file = await makeFile(folder, mode);
      const error = refused('connection-file-unsafe', file, /can be changed by other users/);
      await expect(readPrivateFile(file, PUBLIC)).rejects.toEqual(error);
    }),
  );

  test('through symbolic links of our own, as containers mount them', () =>
    inTemporaryFolder(async (folder) => {
      await mkdir(join(folder, '..2026'));
      await makeFile(join(folder, '..2026'));
      await symlink('..2026', join(folder, '..data'));
      await symlink('..data/file', join(folder, 'file'));
      expect(await readPrivateFile(join(folder, 'file'), OPTIONS)).toBe('text');
    }));

  test('through a symbolic link only if the file itself is private', () =>
    inOpenFolder(async (folder) => {
      await makeFile(folder, 0o644);
      const file = join(folder, 'link');
      await symlink('file', file);
      await expect(readPrivateFile(file, OPTIONS)).rejects.toEqual(refused('connection-file-unsafe', file, /can read/));
    }));

  test.each([
    [0o644, 0o700],
    [0o666, 0o700],
    [0o644, 0o744],
  ])('with mode %o in a folder of mode %o, which no other user can enter', (mode, folderMode) =>
    inOpenFolder(async (folder) => {
      const closed = await makeFolder(folder, 'closed', folderMode);
      expect(await readPrivateFile(await makeFile(closed, mode), OPTIONS)).toBe('text');
      const deep = await makeFolder(closed, 'deep', 0o777);
      expect(await readPrivateFile(await makeFile(deep, mode), OPTIONS)).toBe('text');
    }),
  );

  test.each([0o755, 0o711, 0o710, 0o701])('with mode 644 not in a folder of mode %o, which others can enter', (mode) =>
    inOpenFolder(async (folder) => {
      const file = await makeFile(await makeFolder(folder, 'open', mode), 0o644);
      await expect(readPrivateFile(file, OPTIONS)).rejects.toEqual(refused('connection-file-unsafe', file, /can read/));
    }),
  );

  test.each([
    [0o777, false],
    [0o775, false],
    [0o1777, true],
  ])('with mode 644 in a closed folder below one of mode %o, where others can replace it, or not: %s', (mode, read) =>
    inOpenFolder(async (folder) => {
      const closed = await makeFolder(await makeFolder(folder, 'shared', mode), 'closed', 0o700);
      const reading = readPrivateFile(await makeFile(closed, 0o644), OPTIONS);
      if (read) await expect(reading).resolves.toBe('text');
      else await expect(reading).rejects.toMatchObject({ code: 'connection-file-unsafe' });
    }),
  );

  test('with mode 644 in a closed folder only if it has no second name, which may be in an open one', () =>
    inOpenFolder(async (folder) => {
      const file = await makeFile(await makeFolder(folder, 'closed', 0o700), 0o644);
      expect(await readPrivateFile(file, OPTIONS)).toBe('text');
      await link(file, join(folder, 'second'));
      await expect(readPrivateFile(file, OPTIONS)).rejects.toMatchObject({ code: 'connection-file-unsafe' });
    }));

  test('through links by where it is itself: in a closed folder, or in an open one', () =>
    inOpenFolder(async (folder) => {
      const closed = await makeFolder(folder, 'closed', 0o700);
      await makeFile(closed, 0o644);
      await makeFile(folder, 0o644);
      await symlink('closed/file', join(folder, 'inwards'));
      await symlink('../file', join(closed, 'outwards'));
      await symlink('..', join(closed, 'up'));
      expect(await readPrivateFile(join(folder, 'inwards'), OPTIONS)).toBe('text');
      for (const name of ['outwards', 'up/file', '../file']) {
        await expect(readPrivateFile(`${closed}/${name}`, OPTIONS)).rejects.toMatchObject({
          code: 'connection-file-unsafe',
        });
      }
    }));

  test('never from an open folder to which the way is redirected again and again meanwhile', () =>
    inOpenFolder(async (folder) => {
      const [closed, open, way] = [join(folder, 'closed'), join(folder, 'open'), join(folder, 'way')];
      await writeFile(await makeFile(await makeFolder(folder, 'closed', 0o700), 0o644), 'closed');
      await writeFile(await makeFile(await makeFolder(folder, 'open', 0o755), 0o644), 'open');
      await symlink(closed, way);
      const attacker = new Worker(
        `const fs = require('node:fs'), { closed, open, way } = require('node:worker_threads').workerData;
        for (;;) for (const target of [open, closed]) { fs.symlinkSync(target, way + '2'); fs.renameSync(way + '2', way); }`,
        { eval: true, workerData: { closed, open, way } },
      );
      const outcomes = new Set<string>();
      try {
        // Until both ways were met.
        for (let attempt = 0; attempt < 100 || (outcomes.size < 2 && attempt < 10_000); attempt++) {
          outcomes.add(
            await readPrivateFile(join(way, 'file'), OPTIONS).catch((error: { code: string }) => error.code),
          );
        }
      } finally {
        await attacker.terminate();
      }
      expect([...outcomes].toSorted()).toEqual(['closed', 'connection-file-unsafe']);
    }));

  test.each(['1', 'true', 'TRUE'])(
    'with any mode by the word of the user, JUPYTER_ALLOW_INSECURE_WRITES=%s, who is warned once',
    (word) =>
      inOpenFolder(async (folder) => {
        const file = await makeFile(folder, 0o666);
        const read = `import { readPrivateFile } from '#src/keys/read-private-file.js';
        const read = () => readPrivateFile(process.argv[1], { kind: 'connection-file', maxBytes: 9 }).catch((error) => error.hint);
        console.log(await read());
        process.env.JUPYTER_ALLOW_INSECURE_WRITES = 'false';
        console.log(await read());
        process.env.JUPYTER_ALLOW_INSECURE_WRITES = '${word}';
        console.log(await read(), await read());`;
        const { stdout, stderr } = await runNode(read, [file]);
        expect(stdout).toMatch(/^(Run `chmod 600 .*JUPYTER_ALLOW_INSECURE_WRITES=1.*\n){2}text text\n$/);
        expect(stderr.match(/JupyterCurveWarning/g)).toHaveLength(1);
        expect(stderr).toContain(`${file} can be changed by other users (mode 0666)`);
      }),
  );

  test('unless it is missing, a folder, a FIFO, a device, too large, or not UTF-8', () =>
    inTemporaryFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await promisify(execFile)('mkfifo', [at('fifo')]);
      await writeFile(at('large'), '');
      await truncate(at('large'), 2 ** 40);
      await chmod(at('large'), 0o600);
      await writeFile(at('bytes'), Uint8Array.of(0x7b, 0xff), { mode: 0o600 });
      await symlink('loop', at('loop'));
      for (const [file, code] of [
        [at('none'), 'connection-file-missing'],
        [at('bytes/none'), 'connection-file-missing'],
        [folder, 'connection-file-unsafe'],
        [at('fifo'), 'connection-file-unsafe'],
        ['/dev/null', 'connection-file-unsafe'],
        [at('loop'), 'connection-file-unreadable'],
        [at('large'), 'connection-file-invalid'],
        [at('bytes'), 'connection-file-invalid'],
      ] as const) {
        await expect(readPrivateFile(file, OPTIONS)).rejects.toMatchObject({ code, data: { file } });
      }
    }));

  test('up to its limit of bytes', () =>
    inTemporaryFolder(async (folder) => {
      const file = await makeFile(folder);
      expect(await readPrivateFile(file, { ...OPTIONS, maxBytes: 4 })).toBe('text');
      await expect(readPrivateFile(file, { ...OPTIONS, maxBytes: 3 })).rejects.toMatchObject({
        code: 'connection-file-invalid',
      });
    }));

  asRoot('by root with mode 644 in the closed folder of the user who owns it, and not in that of a third', () =>
    inOpenFolder(async (folder) => {
      const closed = await makeFolder(folder, 'closed', 0o700);
      const file = await makeFile(closed, 0o644);
      await chown(closed, SOMEBODY, SOMEBODY);
      await expect(readPrivateFile(file, OPTIONS)).rejects.toMatchObject({ code: 'connection-file-unsafe' });
      await chown(file, SOMEBODY, SOMEBODY);
      expect(await readPrivateFile(file, OPTIONS)).toBe('text');
    }),
  );

  asRoot('by an ordinary user as the system and the rules for owners allow', () =>
    inTemporaryFolder(async (folder) => {
      await chmod(folder, 0o755);
      const make = async (name: string, mode: number, uid: number): Promise<void> => {
        await writeFile(join(folder, name), 'text');
        await chmod(join(folder, name), mode);
        await chown(join(folder, name), uid, SOMEBODY);
      };
      await make('own', 0o600, SOMEBODY);
      await mkdir(join(folder, 'folder'));
      await make('folder/file', 0o644, SOMEBODY);
      await chmod(join(folder, 'folder'), 0o700);
      await chown(join(folder, 'folder'), SOMEBODY, SOMEBODY);
      await make('mounted by root for the group', 0o440, 0);
      await make('mounted by root for everybody', 0o444, 0);
      await make('private to root', 0o600, 0);
      await make('of a third user, for the group', 0o640, 12_345);
      await symlink('own', join(folder, 'link of a third user'));
      await lchown(join(folder, 'link of a third user'), 12_345, 12_345);
      await symlink('own', join(folder, 'link of root'));
      const { stdout, stderr } = await runNode(
        `import { readdir } from 'node:fs/promises';
        import { readPrivateFile } from '#src/keys/read-private-file.js';
        const folder = process.argv[1];
        process.setgroups([]); process.setgid(${SOMEBODY}); process.setuid(${SOMEBODY});
        const seen = {};
        for (const name of (await readdir(folder)).map((one) => (one === 'folder' ? 'folder/file' : one))) {
          seen[name] = await readPrivateFile(folder + '/' + name, { kind: 'connection-file', maxBytes: 9 }).catch((error) => error.code);
        }
        console.log(JSON.stringify(seen));`,
        [folder],
      );
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({
        own: 'text',
        'folder/file': 'text',
        'mounted by root for the group': 'text',
        'mounted by root for everybody': 'connection-file-unsafe',
        'private to root': 'connection-file-unreadable',
        'of a third user, for the group': 'connection-file-unsafe',
        'link of a third user': 'connection-file-unsafe',
        'link of root': 'text',
      });
    }),
  );
});
