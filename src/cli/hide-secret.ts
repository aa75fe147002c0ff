import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { eraseVariable } from '../server/erase-variable.js';

/**
 * Removes a kernel's secret key from where other processes of this user can read it, the environment that this process was started with. This
 * process keeps it until {@link dropSecret}, or until it is used.
 */
export function hideSecret(): void {
  const secret = process.env[SECRET_VARIABLE];
  if (secret === undefined) return;
  eraseVariable(SECRET_VARIABLE);
  process.env[SECRET_VARIABLE] = secret;
}

/** Forgets the secret key unless the command names a running kernel: nothing that others start is to inherit it. */
export function dropSecret(argv: Readonly<Record<string, unknown>>): void {
  if (argv['existing'] === undefined && argv['file'] === undefined) delete process.env[SECRET_VARIABLE];
}
