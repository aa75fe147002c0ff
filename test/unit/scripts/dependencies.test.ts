/** When the scripts install the dependencies again. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { runNode } from '../../support/run-node.js';
import { inTemporaryFolder } from '../../support/temporary-folder.js';

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/a': { version: '1.0.0' },
  'node_modules/for-macs': { version: '1.0.0', optional: true },
};

test.each([
  ['nothing is installed', undefined, false],
  ['what the lock names is installed', { 'node_modules/a': { version: '1.0.0' } }, true],
  ['another version is', { 'node_modules/a': { version: '0.9.0' } }, false],
  ['a package is missing', {}, false],
])('when %s', async (_, packages, installed) => {
  await inTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'node_modules'));
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
    if (packages !== undefined) {
      await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
    }
    const script = JSON.stringify(join(repository, 'scripts/tasks/dependencies.mjs'));
    const { stdout } = await runNode(
      `import { isInstalled } from ${script}; console.log(await isInstalled(${JSON.stringify(folder)}));`,
    );
    expect(stdout).toBe(`${installed}\n`);
  });
});
