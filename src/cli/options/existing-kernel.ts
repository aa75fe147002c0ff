import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { eraseVariable } from '../../server/erase-variable.js';
import { secretKeyFromZ85, type CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { openAccess, type AccessClient } from '../../manager/client/access-client.js';
import { exitStatus } from '../output/exit-status.js';
import { printWarning } from '../output/output.js';
import { findOwnPair, readPair } from '../own-keys.js';
import type { Values } from '../command.js';
import { needed, text } from './option.js';
import { warnOfPlainText } from '../output/plain-text-warning.js';
import { usageError } from '../output/usage-error.js';

/** The option `--key-file`. */
export const KEY_FILE_OPTION = text(
  'Your key pair, if the connection file is a grant to it [default: found among yours]',
);

/** The options of every command that sends requests to a running kernel. */
export const EXISTING_OPTIONS = {
  existing: needed('Connection file of the running kernel'),
  'key-file': KEY_FILE_OPTION,
} as const;

/** The values of {@link EXISTING_OPTIONS}. */
export type ExistingArguments = Values<typeof EXISTING_OPTIONS>;

/** Keys that are needed besides a connection file to use it. */
export interface Credentials {
  readonly client?: CurvePair;
  readonly secretKey?: Secret;
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
