import { resolve } from 'node:path';
import { findKernelSpec } from '../../launch/find-kernelspecs.js';
import { defineCommand } from '../command.js';
import { fileSystemError, foreignKernelspecError, ownership } from '../kernelspec/installed-kernelspec.js';
import { kernelspecFolder, PLACE_OPTIONS } from '../kernelspec/kernelspec-folder.js';
import { replaceFolder } from '../kernelspec/replace-folder.js';
import { sharingArguments } from '../kernelspec/shared-kernelspec.js';
import { writeRelayCodeCache } from '../kernelspec/write-code-cache.js';
import { findWrappable, writeWrappedSpec } from '../kernelspec/wrapped-kernelspec.js';
import { argument, flag, text } from '../options/option.js';
import { UNTHROTTLED_OPTION } from '../options/relay-options.js';
import { SHARING_OPTIONS } from '../options/sharing-options.js';
import { warnOfOpenInside } from '../output/open-inside-warning.js';
import { printNote, printResult, printWarning } from '../output/output.js';
import { onlyOneOf, usageError } from '../output/usage-error.js';

/** `wrap`: writes a kernelspec that runs another one behind the relay. */
export const command = defineCommand({
  arguments: { kernel: argument('Name of the kernel, as in "specs"') },
  options: {
    as: text('Name of the new kernel [default: KERNEL-encrypted]'),
    ...PLACE_OPTIONS,
    inner: {
      choices: ['ipc', 'tcp'],
      default: 'ipc',
      requiresArg: true,
      describe: 'Sockets of the kernel behind: ipc is private; tcp is for kernels that cannot do ipc',
    },
    unthrottled: UNTHROTTLED_OPTION,
    force: flag('Wrap a kernel that can encrypt itself, or replace a kernel that jupyter-curve did not install'),
    ...SHARING_OPTIONS,
  },
  check: (values) => onlyOneOf(values, 'wrap', ['user', 'sys-prefix', 'prefix']),
  examples: [
    ['wrap ir', 'a private R kernel, called ir-encrypted'],
    ['wrap bash --as bash --user', 'in place of the kernel bash'],
  ],
  run: async ({ kernel, as, inner, unthrottled, force, ...args }) => {
    const original = await findWrappable(kernel, force);
    const name = as ?? `${original.name}-encrypted`;
    const folder = await kernelspecFolder({ ...args, name });
    if (resolve(original.resourceDir) === resolve(folder)) {
      throw usageError(`The kernel "${original.name}" is in ${folder} itself, and would be replaced.`, 'wrap');
    }
    if (!force && (await ownership(folder)) === 'foreign') {
      throw foreignKernelspecError(folder, 'Choose another name with --as, or replace it with --force.');
    }
    const options = [
      ...(inner === 'tcp' ? ['--inner=tcp'] : []),
      ...(unthrottled ? ['--unthrottled'] : []),
      ...sharingArguments(args),
    ];
    try {
      await replaceFolder(folder, async (draft) => writeWrappedSpec(draft, { original, name, options }));
    } catch (error) {
      throw fileSystemError(folder, error);
    }
    await writeRelayCodeCache();
    printNote(`wrapped the kernel "${original.name}" as "${name}" in`);
    printResult(folder);
    if (inner === 'tcp') warnOfOpenInside();
    // With --prefix it may be where this user's Jupyter does not look.
    const found = await findKernelSpec(name).catch(() => undefined);
    if (found === undefined || resolve(found.resourceDir) === resolve(folder)) return;
    printWarning({
      message: `Another kernel called "${name}" comes first, in ${found.resourceDir}: front ends start that one.`,
      hint: 'Wrap it under another name with --as, or into a folder that comes first (in a Python environment: --sys-prefix).',
    });
  },
});
