import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { eraseVariable } from '../server/erase-variable.js';

/**
 * Erases a kernel's secret key from the environment block that this process was started with, which other processes of the same user can
 * read. `process.env` keeps it until {@link dropSecret}, or until it is used.
 */
export function hideSecret(): void {
  const secret = process.env[SECRET_VARIABLE];
  if (secret === undefined) return;
  eraseVariable(SECRET_VARIABLE);
  process.env[SECRET_VARIABLE] = secret;
}

/** Deletes the secret key unless the command names a running kernel, so that no child process inherits it. */
export function dropSecret(argv: Readonly<Record<string, unknown>>): void {
  if (argv['existing'] === undefined && argv['file'] === undefined) delete process.env[SECRET_VARIABLE];
}
