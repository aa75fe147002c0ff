import { CurveKernelError } from '../../errors.js';
import { fileSystemError, foreignKernelspecError, ownership } from '../kernelspec/installed-kernelspec.js';
import { kernelspecFolder, LOCATION_OPTIONS } from '../kernelspec/kernelspec-folder.js';
import { defineCommand } from '../command.js';
import { flag } from '../options/option.js';
import { onlyOneOf } from '../output/usage-error.js';
import { printNote, printResult } from '../output/output.js';
import { removeFolder } from '../kernelspec/replace-folder.js';

/** `uninstall`: removes the kernelspec that `install` made. */
export const command = defineCommand({
  options: { ...LOCATION_OPTIONS, force: flag('Remove a kernel that jupyter-curve did not install') },
  check: (values) => onlyOneOf(values, 'uninstall', ['user', 'sys-prefix', 'prefix']),
  run: async ({ force, ...place }) => {
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
  },
});
