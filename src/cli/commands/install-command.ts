import { chmod, copyFile, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSystemError, foreignKernelspecError, ownership } from '../kernelspec/installed-kernelspec.js';
import { kernelspecFolder, LOCATION_OPTIONS } from '../kernelspec/kernelspec-folder.js';
import { writeCodeCaches } from '../kernelspec/write-code-cache.js';
import { kernelspecTemplate, kernelFile } from '../package-files.js';
import { printNote, printResult } from '../output/output.js';
import { replaceFolder } from '../kernelspec/replace-folder.js';
import { defineCommand } from '../command.js';
import { flag, text } from '../options/option.js';
import { onlyOneOf } from '../output/usage-error.js';
import { definedOnly } from '../../support/defined-only.js';

/** `install`: installs the kernelspec of the TypeScript kernel. */
export const command = defineCommand({
  options: {
    ...LOCATION_OPTIONS,
    'display-name': text('Name shown by front ends'),
    force: flag('Replace a kernel that jupyter-curve did not install'),
  },
  check: (values) => onlyOneOf(values, 'install', ['user', 'sys-prefix', 'prefix']),
  examples: [
    ['install', 'for JupyterLab, Notebook, VS Code, nbclient, papermill'],
    ['install --sys-prefix', 'for the active Python environment only'],
  ],
  run: async ({ 'display-name': displayName, force, ...place }) => {
    const folder = await kernelspecFolder(place);
    if (!force && (await ownership(folder)) === 'foreign') {
      throw foreignKernelspecError(folder, 'Choose another --name, or replace it with --force.');
    }
    const spec = await fillTemplate(await readFile(join(kernelspecTemplate, 'kernel.json'), 'utf8'), displayName);
    try {
      await replaceFolder(folder, async (draft) => {
        // Independent of the umask: a user who could write here could make front ends run another command.
        await writeFile(join(draft, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`, { mode: 0o644 });
        for (const logo of ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']) {
          await copyFile(join(kernelspecTemplate, logo), join(draft, logo));
          await chmod(join(draft, logo), 0o644);
        }
      });
    } catch (error) {
      throw fileSystemError(folder, error);
    }
    await writeCodeCaches(folder);
    printNote(`installed the kernel "${place.name}" in`);
    printResult(folder);
  },
});

/** Fills in absolute paths: the kernel then starts from any working directory and with any PATH. */
async function fillTemplate(template: string, displayName: string | undefined): Promise<object> {
  const fields: Readonly<Record<string, string>> = { '{command}': await realpath(kernelFile) };
  // Where this Node knows the flag, SIGUSR1 opens no inspector from the first instruction on; see `guardProcess` for the others.
  const isKnown = process.allowedNodeEnvironmentFlags.has('--disable-sigusr1');
  const node = [process.execPath, ...(isKnown ? ['--disable-sigusr1'] : [])];
  const spec: { readonly argv: readonly string[] } = JSON.parse(template);
  return {
    ...spec,
    argv: spec.argv.flatMap((argument) => (argument === '{node}' ? node : (fields[argument] ?? argument))),
    ...definedOnly({ display_name: displayName }),
  };
}
