import type { CommandModule } from 'yargs';
import { checkIdentityName } from '../../access/grants/identity-name.js';
import { generateCurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { GrantRequest, IssuedGrant } from '../../access/access.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { deliverOrRevoke, jobFiles, refuseExistingFile, writeGrant, writeJob } from '../output/grant-files.js';
import {
  keyTargetOptions,
  parseDurationOption,
  parseFrom,
  parseRoles,
  type KeyTarget,
} from '../options/grant-options.js';
import { readKeyArgument } from '../options/key-argument.js';
import { printJson, printNote, printResult } from '../output/output.js';
import { usageError } from '../output/usage-error.js';

interface GrantArguments extends ExistingArguments, KeyTarget {
  readonly name: string | undefined;
  readonly job: string | undefined;
  readonly role: readonly string[];
  readonly expires: string | undefined;
  readonly from: readonly string[] | undefined;
}

/** `grant`: gives an identity access to a running kernel, with a key and rights of its own. */
export const grantCommand: CommandModule<object, GrantArguments> = {
  command: 'grant',
  describe: 'Grant access to a running kernel, and write a connection file for it',
  builder: (yargs) =>
    keyTargetOptions(existingOptions(yargs))
      .option('name', { type: 'string', requiresArg: true, describe: 'The identity that gets access' })
      .option('role', {
        type: 'string',
        array: true,
        demandOption: true,
        requiresArg: true,
        describe: 'Its role: observer, executor, admin, owner, or a role of the policy file',
      })
      .option('expires', {
        type: 'string',
        requiresArg: true,
        describe: 'Duration of the grant, such as 8h [default: until the kernel ends]',
      })
      .option('from', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Client addresses that are allowed, such as 10.0.0.0/8 [default: any]',
      })
      .option('job', {
        type: 'string',
        requiresArg: true,
        describe: 'Instead of --name: a batch job, whose files are written into the folder OUT',
      })
      .check(({ name, job, key, seal }) => {
        if ((name === undefined) === (job === undefined)) {
          throw usageError('Exactly one of --name and --job is needed.', 'grant');
        }
        if (seal && key === undefined) throw usageError('--seal needs --key, the key to encrypt to.', 'grant');
        if (job !== undefined && key !== undefined)
          throw usageError('--job makes a key of its own, so --key cannot be given.', 'grant');
        return true;
      })
      .example(
        '$0 grant --existing kernel.json --name alice --role observer --out alice.json',
        'any Jupyter client can use this file',
      )
      .example(
        '$0 grant --existing kernel.json --name alice --role executor --key alice.key --seal --out alice.sealed',
        '',
      ),
  handler: grant,
};

async function grant(args: GrantArguments): Promise<void> {
  const name = checkIdentityName(args.name ?? args.job);
  const expiresIn = parseDurationOption('--expires', args.expires, 'grant');
  const from = parseFrom(args.from, 'grant');
  const publicKey = args.key === undefined ? undefined : await readKeyArgument(args.key);
  const request: GrantRequest = {
    name,
    roles: parseRoles(args.role, 'grant'),
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(from === undefined ? {} : { from }),
  };
  if (args.job !== undefined) return grantJob(request, args);

  await refuseExistingFile(args.out);
  const issued = await withAccess(args, async (access) => {
    const made = await access.grant({ ...request, ...(publicKey === undefined ? {} : { publicKey }) });
    return deliverOrRevoke(access, made, () =>
      writeGrant(args.out, made.connection, args.seal ? publicKey : undefined),
    );
  });
  report(issued, [args.out], args.json);
}

async function grantJob(request: GrantRequest, args: GrantArguments): Promise<void> {
  const files = Object.values(jobFiles(args.out, request.name)).map(String);
  for (const file of files) await refuseExistingFile(file);
  const pair = await generateCurvePair();
  try {
    const issued = await withAccess(args, async (access) => {
      const made = await access.grant({ ...request, publicKey: pair.publicKey });
      return deliverOrRevoke(access, made, () =>
        writeJob(args.out, request.name, { pair, connection: made.connection }),
      );
    });
    report(issued, files, args.json);
  } finally {
    pair.secretKey.wipe();
  }
}

function report({ grant: made, connection }: IssuedGrant, files: readonly string[], json: boolean): void {
  const kernel = fingerprint(connection.curve?.publicKey ?? '');
  if (json) return printJson({ grant: made, kernel: { fingerprint: kernel }, files });
  const end = made.expiresAt === undefined ? '' : `, until ${made.expiresAt}`;
  printNote(`granted ${made.roles.join(' and ')} to ${made.name}${end}, with the key ${made.fingerprint}`);
  if (kernel !== made.fingerprint) printNote(`the kernel shows the key ${kernel} to ${made.name}`);
  printResult(files.join('\n'));
}
