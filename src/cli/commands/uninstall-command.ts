import type { CommandModule } from 'yargs';
import { CurveKernelError } from '../../errors.js';
import { fileSystemError, foreignKernelspecError, ownership } from '../kernelspec/installed-kernelspec.js';
import { kernelspecFolder, locationOptions, type KernelspecLocation } from '../kernelspec/kernelspec-folder.js';
import { printNote, printResult } from '../output/output.js';
import { removeFolder } from '../kernelspec/replace-folder.js';

interface UninstallArguments extends KernelspecLocation {
  readonly force: boolean;
}

/** `uninstall`: removes the kernelspec that `install` made. */
export const uninstallCommand: CommandModule<object, UninstallArguments> = {
  command: 'uninstall',
  describe: 'Remove the TypeScript kernel from Jupyter',
  builder: (yargs) =>
    locationOptions(yargs).option('force', {
      type: 'boolean',
      default: false,
      describe: 'Remove a kernel that jupyter-curve did not install',
    }),
  handler: uninstall,
};

async function uninstall({ force, ...place }: UninstallArguments): Promise<void> {
  const folder = await kernelspecFolder(place);
  const owner = await ownership(folder);
  if (owner === 'none') {
    throw new CurveKernelError('kernelspec-missing', `There is no kernel in ${folder}.`, {
      hint: 'Find its folder with "jupyter-curve specs", and name it with --user, --sys-prefix or --prefix.',
    });
  }
  if (owner === 'foreign' && !force) throw foreignKernelspecError(folder, 'Use --force to remove it anyway.');
  await removeFolder(folder).catch((error: unknown) => {
    throw fileSystemError(folder, error);
  });
  printNote(`removed the kernel "${place.name}" from`);
  printResult(folder);
}
