import { parsePointInTime } from '../../access/policy/point-in-time.js';
import { isCurveKernelError } from '../../errors.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { RevokeFilter } from '../../access/access.js';
import type { GrantInfo } from '../../access/grants/grant-info.js';
import type { AccessClient } from '../../manager/client/access-client.js';
import { definedOnly } from '../../support/defined-only.js';
import { defineCommand } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { readKeyArgument } from '../options/key-argument.js';
import { flag, JSON_OPTION, text } from '../options/option.js';
import { printJson, printNote, printResult } from '../output/output.js';
import { parseOption, usageError } from '../output/usage-error.js';

/** `revoke`: revokes grants and closes the connections that use them. */
export const command = defineCommand({
  arguments: { name: { type: 'string', describe: 'The identity' } },
  options: {
    ...EXISTING_OPTIONS,
    key: text('Only the grant to this key: fingerprint, public key, or certificate file'),
    'all-before': text('Only grants issued before this time, such as 2030-01-31T18:00:00Z'),
    'let-finish': flag('Let a running cell of the identity finish instead of interrupting it'),
    json: JSON_OPTION,
  },
  check: ({ name, key, 'all-before': before }) => {
    if (!(name ?? key ?? before)) throw usageError('A name, --key or --all-before is needed.', 'revoke');
  },
  examples: [['revoke alice --existing kernel.json']],
  run: async (args) => {
    const { name, key, 'all-before': before } = args;
    const filter = {
      letFinish: args['let-finish'],
      ...definedOnly({
        name,
        key: key === undefined || key.startsWith('SHA256:') ? key : fingerprint(await readKeyArgument(key)),
        allBefore:
          before === undefined
            ? undefined
            : new Date(parseOption('--all-before', 'revoke', () => parsePointInTime(before))),
      }),
    };
    const revoked = await withAccess(args, (access) => revokeOthersOrOwn(access, filter));
    if (args.json) return printJson({ revoked });
    for (const grant of revoked) printResult(`${grant.name} ${grant.fingerprint}`);
    printNote(`${revoked.length} ${revoked.length === 1 ? 'key' : 'keys'} revoked`);
  },
});

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
