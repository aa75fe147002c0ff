import type { CommandModule } from 'yargs';
import { CurveKernelError } from '../../errors.js';
import { fileSystemError, foreignKernelspecError, ownership } from '../kernelspec/installed-kernelspec.js';
import { kernelspecFolder, locationOptions, type KernelspecLocation } from '../kernelspec/kernelspec-folder.js';
import { printNote, printResult } from '../output/output.js';
import { removeFolder } from '../kernelspec/replace-folder.js';

interface UninstallArguments extends KernelspecLocation {
  readonly force: boolean;
}

/** `uninstall`: takes back what `install` did, and touches nothing else. */
export const uninstallCommand: CommandModule<object, UninstallArguments> = {
  command: 'uninstall',
  describe: 'Remove the TypeScript kernel from Jupyter',
  builder: (yargs) =>
    locationOptions(yargs).option('force', {
      type: 'boolean',
      default: false,
      describe: 'Remove a kernel that is not ours',
    }),
  handler: uninstall,
};

async function uninstall({ force, ...place }: UninstallArguments): Promise<void> {
  const folder = await kernelspecFolder(place);
  const whose = await ownership(folder);
  if (whose === 'none') {
    throw new CurveKernelError('kernelspec-missing', `there is no kernel ${folder}`, {
      hint: 'see with "jupyter-curve specs" where it is, and say so with --user, --sys-prefix or --prefix',
    });
  }
  if (whose === 'foreign' && !force) throw foreignKernelspecError(folder, 'remove it all the same with --force');
  await removeFolder(folder).catch((error: unknown) => {
    throw fileSystemError(folder, error);
  });
  printNote(`removed the kernel "${place.name}" from`);
  printResult(folder);
}
