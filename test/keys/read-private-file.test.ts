import { execFile } from 'node:child_process';
import { chmod, chown, lchown, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readPrivateFile } from '#src/keys/read-private-file.js';
import { requireOrSkip } from '../fixtures/require-or-skip.js';
import { runNode } from '../fixtures/run-node.js';
import { inTemporaryFolder } from '../fixtures/temporary-folder.js';

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

describe('a private file is read', () => {
  test.each([0o600, 0o400, 0o700])('with mode %o', (mode) =>
    inTemporaryFolder(async (folder) =>
      expect(await readPrivateFile(await makeFile(folder, mode), OPTIONS)).toBe('text'),
    ),
  );

  test.each([0o644, 0o640, 0o604])('with mode %o only if it holds no secret', (mode) =>
    inTemporaryFolder(async (folder) => {
      const file = await makeFile(folder, mode);
      expect(await readPrivateFile(file, PUBLIC)).toBe('text');
      const reading = readPrivateFile(file, OPTIONS);
      await expect(reading).rejects.toEqual(refused('connection-file-unsafe', file, /other users can read/));
      await expect(reading).rejects.toMatchObject({ hint: expect.stringContaining(`chmod 600 '${file}'`) });
    }),
  );

  test.each([0o620, 0o602, 0o666])('with mode %o in no case, as others could change it', (mode) =>
    inTemporaryFolder(async (folder) => {
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
    inTemporaryFolder(async (folder) => {
      await makeFile(folder, 0o644);
      const file = join(folder, 'link');
      await symlink('file', file);
      await expect(readPrivateFile(file, OPTIONS)).rejects.toEqual(refused('connection-file-unsafe', file, /can read/));
    }));

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

  asRoot('by an ordinary user as the system and the rules for owners allow', () =>
    inTemporaryFolder(async (folder) => {
      await chmod(folder, 0o755);
      const make = async (name: string, mode: number, uid: number): Promise<void> => {
        await writeFile(join(folder, name), 'text');
        await chmod(join(folder, name), mode);
        await chown(join(folder, name), uid, SOMEBODY);
      };
      await make('own', 0o600, SOMEBODY);
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
        for (const name of await readdir(folder)) {
          seen[name] = await readPrivateFile(folder + '/' + name, { kind: 'connection-file', maxBytes: 9 }).catch((error) => error.code);
        }
        console.log(JSON.stringify(seen));`,
        [folder],
      );
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({
        own: 'text',
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
