import type { CommandModule } from 'yargs';
import { parsePointInTime } from '../access/point-in-time.js';
import { existingOptions, withAccess, type ExistingArguments } from './existing-kernel.js';
import { readKeyArgument } from './key-argument.js';
import { printJson, printNote, printResult } from './output.js';
import { parseOption, usageError } from './usage-error.js';

interface RevokeArguments extends ExistingArguments {
  readonly name: string | undefined;
  readonly key: string | undefined;
  readonly 'all-before': string | undefined;
  readonly 'let-finish': boolean;
  readonly json: boolean;
}

/** `revoke`: takes grants back, and cuts the connections of who uses them. */
export const revokeCommand: CommandModule<object, RevokeArguments> = {
  command: 'revoke [name]',
  describe: 'Shut somebody out of a running kernel, at once',
  builder: (yargs) =>
    existingOptions(yargs.positional('name', { type: 'string', describe: 'Whom' }))
      .option('key', {
        type: 'string',
        requiresArg: true,
        describe: 'Only this key: its fingerprint, the public key, or its file',
      })
      .option('all-before', {
        type: 'string',
        requiresArg: true,
        describe: 'Only keys issued before this moment, such as 2030-01-31T18:00:00Z',
      })
      .option('let-finish', { type: 'boolean', default: false, describe: 'Do not interrupt the cell they run' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .check(({ name, key, allBefore }) => {
        if (name ?? key ?? allBefore) return true;
        throw usageError('whom: a name, --key or --all-before is needed', 'revoke');
      })
      .example('$0 revoke alice --existing kernel.json', ''),
  handler: revoke,
};

async function revoke(args: RevokeArguments): Promise<void> {
  const { name, key, 'all-before': before } = args;
  const request = {
    ...(name === undefined ? {} : { name }),
    ...(key === undefined ? {} : { key: key.startsWith('SHA256:') ? key : await readKeyArgument(key) }),
    ...(before === undefined
      ? {}
      : { allBefore: new Date(parseOption('--all-before', 'revoke', () => parsePointInTime(before))) }),
    letFinish: args['let-finish'],
  };
  const revoked = await withAccess(args, (access) => access.revoke(request));
  if (args.json) return printJson({ revoked });
  for (const grant of revoked) printResult(`${grant.name} ${grant.fingerprint}`);
  printNote(
    revoked.length === 1
      ? 'one key does not open this kernel any more'
      : `${revoked.length} keys do not open this kernel any more`,
  );
}
