import type { CommandModule } from 'yargs';
import { parsePointInTime } from '../../access/policy/point-in-time.js';
import { isCurveKernelError } from '../../errors.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { RevokeFilter } from '../../access/access.js';
import type { GrantInfo } from '../../access/grants/grant-info.js';
import type { AccessClient } from '../../manager/client/access-client.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { readKeyArgument } from '../options/key-argument.js';
import { JSON_OPTION, printJson, printNote, printResult } from '../output/output.js';
import { parseOption, usageError } from '../output/usage-error.js';

interface RevokeArguments extends ExistingArguments {
  readonly name: string | undefined;
  readonly key: string | undefined;
  readonly 'all-before': string | undefined;
  readonly 'let-finish': boolean;
  readonly json: boolean;
}

/** `revoke`: revokes grants and closes the connections that use them. */
export const revokeCommand: CommandModule<object, RevokeArguments> = {
  command: 'revoke [name]',
  describe: 'Revoke access to a running kernel, and close its connections',
  builder: (yargs) =>
    existingOptions(yargs.positional('name', { type: 'string', describe: 'The identity' }))
      .option('key', {
        type: 'string',
        requiresArg: true,
        describe: 'Only the grant to this key: fingerprint, public key, or certificate file',
      })
      .option('all-before', {
        type: 'string',
        requiresArg: true,
        describe: 'Only grants issued before this time, such as 2030-01-31T18:00:00Z',
      })
      .option('let-finish', {
        type: 'boolean',
        default: false,
        describe: 'Let a running cell of the identity finish instead of interrupting it',
      })
      .option('json', JSON_OPTION)
      .check(({ name, key, allBefore }) => {
        if (name ?? key ?? allBefore) return true;
        throw usageError('A name, --key or --all-before is needed.', 'revoke');
      })
      .example('$0 revoke alice --existing kernel.json', ''),
  handler: revoke,
};

/** Revoking your own grant closes your connection, so no reply arrives. */
async function revokeOthersOrOwn(access: AccessClient, request: RevokeFilter): Promise<readonly GrantInfo[]> {
  const own = await ownGrant(access);
  try {
    return await access.revoke(request);
  } catch (error) {
    if (own !== undefined && isCurveKernelError(error, 'peer-lost') && matchesFilter(own, request)) return [own];
    throw error;
  }
}

async function ownGrant(access: AccessClient): Promise<GrantInfo | undefined> {
  const { curve } = access.connection;
  const key = fingerprint(curve?.clientPublicKey ?? curve?.publicKey ?? '');
  // A role may have the right to revoke grants without the right to list them.
  const all = await access.clients().catch(() => []);
  return all.find((grant) => grant.fingerprint === key);
}

const matchesFilter = (grant: GrantInfo, { name, key, allBefore }: RevokeFilter): boolean =>
  (name ?? grant.name) === grant.name &&
  (key ?? grant.fingerprint) === grant.fingerprint &&
  (allBefore === undefined || new Date(grant.issuedAt) < allBefore);

async function revoke(args: RevokeArguments): Promise<void> {
  const { name, key, 'all-before': before } = args;
  const request = {
    ...(name === undefined ? {} : { name }),
    ...(key === undefined ? {} : { key: key.startsWith('SHA256:') ? key : fingerprint(await readKeyArgument(key)) }),
    ...(before === undefined
      ? {}
      : { allBefore: new Date(parseOption('--all-before', 'revoke', () => parsePointInTime(before))) }),
    letFinish: args['let-finish'],
  };
  const revoked = await withAccess(args, (access) => revokeOthersOrOwn(access, request));
  if (args.json) return printJson({ revoked });
  for (const grant of revoked) printResult(`${grant.name} ${grant.fingerprint}`);
  printNote(`${revoked.length} ${revoked.length === 1 ? 'key' : 'keys'} revoked`);
}
