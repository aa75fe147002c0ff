import type { GrantRequest, IssuedGrant } from '../../access/access.js';
import { checkIdentityName } from '../../access/grants/identity-name.js';
import { generateCurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { definedOnly } from '../../support/defined-only.js';
import { defineCommand, type Values } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { checkSeal, KEY_TARGET_OPTIONS, parseDurationOption, parseFrom, parseRoles } from '../options/grant-options.js';
import { readKeyArgument } from '../options/key-argument.js';
import { list, text } from '../options/option.js';
import { deliverOrRevoke, jobFiles, refuseExistingFile, writeGrant, writeJob } from '../output/grant-files.js';
import { printJson, printNote, printResult } from '../output/output.js';
import { usageError } from '../output/usage-error.js';

const OPTIONS = {
  ...EXISTING_OPTIONS,
  ...KEY_TARGET_OPTIONS,
  name: text('The identity that gets access'),
  role: {
    ...list('Its role: observer, executor, admin, owner, or a role of the policy file'),
    demandOption: true,
  },
  expires: text('Duration of the grant, such as 8h [default: until the kernel ends]'),
  from: list('Client addresses that are allowed, such as 10.0.0.0/8 [default: any]'),
  job: text('Instead of --name: a batch job, whose files are written into the folder OUT'),
} as const;

/** `grant`: gives an identity access to a running kernel, with a key and rights of its own. */
export const command = defineCommand({
  options: OPTIONS,
  check: ({ name, job, key, seal }) => {
    if ((name === undefined) === (job === undefined))
      throw usageError('Exactly one of --name and --job is needed.', 'grant');
    checkSeal({ seal, key }, 'grant');
    if (job !== undefined && key !== undefined)
      throw usageError('--job makes a key of its own, so --key cannot be given.', 'grant');
  },
  examples: [
    [
      'grant --existing kernel.json --name alice --role observer --out alice.json',
      'any Jupyter client can use this file',
    ],
    ['grant --existing kernel.json --name alice --role executor --key alice.key --seal --out alice.sealed'],
  ],
  run: async (args) => {
    const publicKey = args.key === undefined ? undefined : await readKeyArgument(args.key);
    const request: GrantRequest = {
      name: checkIdentityName(args.name ?? args.job),
      roles: parseRoles(args.role, 'grant'),
      ...definedOnly({
        expiresIn: parseDurationOption('--expires', args.expires, 'grant'),
        from: parseFrom(args.from, 'grant'),
        publicKey,
      }),
    };
    if (args.job !== undefined) return grantJob(request, args);
    await refuseExistingFile(args.out);
    const issued = await withAccess(args, async (access) =>
      deliverOrRevoke(access, await access.grant(request), (connection) =>
        writeGrant(args.out, connection, args.seal ? publicKey : undefined),
      ),
    );
    report(issued, [args.out], args.json);
  },
});

async function grantJob(request: GrantRequest, args: Values<typeof OPTIONS>): Promise<void> {
  const files = Object.values(jobFiles(args.out, request.name)).map(String);
  for (const file of files) await refuseExistingFile(file);
  const pair = await generateCurvePair();
  try {
    const issued = await withAccess(args, async (access) =>
      deliverOrRevoke(access, await access.grant({ ...request, publicKey: pair.publicKey }), (connection) =>
        writeJob(args.out, request.name, { pair, connection }),
      ),
    );
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
