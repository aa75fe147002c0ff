import type { CommandModule } from 'yargs';
import { checkReplaceable } from '../../keys/write-private-file.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { deliverOrRevoke, writeGrant } from '../output/grant-files.js';
import { keyTargetOptions, parseDurationOption, type KeyTarget } from '../options/grant-options.js';
import { readKeyArgument } from '../options/key-argument.js';
import { printJson, printNote, printResult } from '../output/output.js';
import { usageError } from '../output/usage-error.js';

interface RotateArguments extends ExistingArguments, KeyTarget {
  readonly name: string;
  readonly overlap: string | undefined;
}

/** `rotate`: replaces the key of an identity; the old key is valid until the overlap is over. */
export const rotateCommand: CommandModule<object, RotateArguments> = {
  command: 'rotate <name>',
  describe: 'Replace the key of an identity',
  builder: (yargs) =>
    keyTargetOptions(
      existingOptions(yargs.positional('name', { type: 'string', demandOption: true, describe: 'The identity' })),
    )
      .option('overlap', {
        type: 'string',
        requiresArg: true,
        describe: 'Time for which the old key stays valid, such as 5m [default: 30s]',
      })
      .check(({ key, seal }) => {
        if (seal && key === undefined) throw usageError('--seal needs --key, the key to encrypt to.', 'rotate');
        return true;
      }),
  handler: rotate,
};

async function rotate(args: RotateArguments): Promise<void> {
  const overlap = parseDurationOption('--overlap', args.overlap, 'rotate');
  const publicKey = args.key === undefined ? undefined : await readKeyArgument(args.key);
  // Checked first: once there is a new key the old ones end, and that cannot be undone.
  await checkReplaceable(args.out, 'connection-file');
  const { grant } = await withAccess(args, async (access) => {
    const issued = await access.rotate(args.name, {
      ...(overlap === undefined ? {} : { overlap }),
      ...(publicKey === undefined ? {} : { publicKey }),
    });
    return deliverOrRevoke(access, issued, () =>
      writeGrant(args.out, issued.connection, args.seal ? publicKey : undefined),
    );
  });
  if (args.json) return printJson({ grant, files: [args.out] });
  printNote(
    `${grant.name} now has the key ${grant.fingerprint}; the old key is valid for another ${args.overlap ?? '30s'}`,
  );
  printResult(args.out);
}
