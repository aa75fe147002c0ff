import { exitStatus } from './exit-status.js';
import { printError } from './output.js';

/** Says what went wrong, and makes the exit status say it, too. */
export function reportFailure(error: unknown): void {
  printError(error);
  process.exitCode = exitStatus(error);
}
