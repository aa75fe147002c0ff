import type { Argv } from 'yargs';
import type { TransportEncryption } from '../../launch/encryption-policy.js';

/** The option of every command that starts a kernel. */
export interface EncryptionArguments {
  readonly 'transport-encryption': TransportEncryption;
}

/** Adds `--kernel`. */
export function kernelOption<T>(yargs: Argv<T>): Argv<T & { kernel: string | undefined }> {
  return yargs.option('kernel', {
    alias: 'k',
    type: 'string',
    requiresArg: true,
    describe: 'Kernel to use, by its name in "specs"',
  });
}

/** Adds `--transport-encryption`, with the values and the default of the library. */
export function policyOption<T>(yargs: Argv<T>): Argv<T & { 'transport-encryption': TransportEncryption }> {
  return yargs.option('transport-encryption', {
    choices: ['disabled', 'auto', 'required'] as const,
    default: 'auto' as const,
    requiresArg: true,
    describe: 'auto: encrypt if the kernel can; required: fail otherwise',
  });
}
