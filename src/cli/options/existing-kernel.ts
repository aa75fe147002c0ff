import type { Argv } from 'yargs';
import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { eraseVariable } from '../../server/erase-variable.js';
import { secretKeyFromZ85, type CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { openAccess, type AccessClient } from '../../manager/client/access-client.js';
import { exitStatus } from '../output/exit-status.js';
import { printWarning } from '../output/output.js';
import { findOwnPair, readPair } from '../own-keys.js';
import { warnOfPlainText } from '../output/plain-text-warning.js';
import { usageError } from '../output/usage-error.js';

/** The options of every command that sends requests to a running kernel. */
export interface ExistingArguments {
  readonly existing: string;
  readonly 'key-file': string | undefined;
}

/** Keys that are needed besides a connection file to use it. */
export interface Credentials {
  readonly client?: CurvePair;
  readonly secretKey?: Secret;
}

/** Adds `--existing` and `--key-file`. */
export function existingOptions<T>(yargs: Argv<T>): Argv<T & ExistingArguments> {
  return keyFileOption(
    yargs.option('existing', {
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Connection file of the running kernel',
    }),
  );
}

/** Adds `--key-file`. */
export function keyFileOption<T>(yargs: Argv<T>): Argv<T & { 'key-file': string | undefined }> {
  return yargs.option('key-file', {
    type: 'string',
    requiresArg: true,
    describe: 'Your key pair, if the connection file is a grant to it [default: found among yours]',
  });
}

/**
 * Finds the keys for a connection file: the kernel's secret key if it is in the environment, from which it is erased, and the user's pair if
 * the file is a grant to it.
 *
 * @throws CurveKernelError `connection-file-*`, `key-*`, `usage`.
 */
export async function findCredentials(file: string, keyFile: string | undefined): Promise<Credentials> {
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
  if (curve === undefined)
    throw usageError(`--key-file cannot be used: the connection file ${file} has no Curve keys.`);
  return { ...given, client: await readPair(keyFile) };
}

/**
 * Opens the access of the kernel that `args` name for the duration of `use`. If a change cannot be saved for a restart of the kernel, it
 * prints a warning and sets the exit status.
 */
export async function withAccess<T>(args: ExistingArguments, use: (access: AccessClient) => Promise<T>): Promise<T> {
  const { existing, 'key-file': keyFile } = args;
  await using access = await openAccess(existing, await findCredentials(existing, keyFile));
  const result = await use(access);
  if (access.unsaved) {
    printWarning(access.unsaved);
    process.exitCode = exitStatus(access.unsaved);
  }
  return result;
}
