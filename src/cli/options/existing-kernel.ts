import type { Argv } from 'yargs';
import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { eraseVariable } from '../../server/erase-variable.js';
import { secretKeyFromZ85, type CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { openAccess, type Access } from '../../manager/client/access-client.js';
import { exitStatus } from '../output/exit-status.js';
import { printWarning } from '../output/output.js';
import { findOwnPair, readPair } from '../own-keys.js';
import { warnOfPlainText } from '../output/plain-text-warning.js';
import { usageError } from '../output/usage-error.js';

/** The options of every command that asks a running kernel. */
export interface ExistingArguments {
  readonly existing: string;
  readonly 'key-file': string | undefined;
}

/** What is needed beside a connection file to use it. */
export interface KernelKeys {
  readonly client?: CurvePair;
  readonly secretKey?: Secret;
}

/** `--existing` and `--key-file`. */
export function existingOptions<T>(yargs: Argv<T>): Argv<T & ExistingArguments> {
  return keyFileOption(
    yargs.option('existing', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'The connection file of the running kernel',
    }),
  );
}

/** `--key-file`. */
export function keyFileOption<T>(yargs: Argv<T>): Argv<T & { 'key-file': string | undefined }> {
  return yargs.option('key-file', {
    type: 'string',
    requiresArg: true,
    describe: 'Your own pair, for a file granted to it [default: found among yours]',
  });
}

/**
 * The keys to use a connection file with: the kernel's secret key where it is in the environment, which it is removed from, and our own pair
 * where the file is a grant to it. Throws `connection-file-*`, `key-*`, `usage`.
 */
export async function findCredentials(file: string, keyFile: string | undefined): Promise<KernelKeys> {
  const secret = process.env[SECRET_VARIABLE];
  eraseVariable(SECRET_VARIABLE);
  const given = secret ? { secretKey: secretKeyFromZ85(secret, SECRET_VARIABLE) } : {};
  const connection = await readConnectionFile(file, given);
  const { curve } = connection;
  if (connection.key.byteLength === 0) warnOfPlainText(connection);
  if (keyFile === undefined) {
    return curve?.clientPublicKey === undefined
      ? given
      : { ...given, client: await findOwnPair(curve.clientPublicKey) };
  }
  if (curve === undefined) throw usageError(`--key-file is of no use: ${file} is for plain text`);
  return { ...given, client: await readPair(keyFile) };
}

/**
 * Opens the access of the kernel that `args` name, for as long as `use` takes. What was changed and cannot be saved for a restart of the
 * kernel is a warning, and the exit status says it.
 */
export async function withAccess<T>(args: ExistingArguments, use: (access: Access) => Promise<T>): Promise<T> {
  const { existing, 'key-file': keyFile } = args;
  await using access = await openAccess(existing, await findCredentials(existing, keyFile));
  const result = await use(access);
  if (access.unsaved) {
    printWarning(access.unsaved);
    process.exitCode = exitStatus(access.unsaved);
  }
  return result;
}
