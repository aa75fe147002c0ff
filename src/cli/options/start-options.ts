import type { Argv } from 'yargs';
import type { TransportEncryption } from '../../launch/encryption-policy.js';

/** The options of every command that starts a kernel. */
export interface KernelArguments {
  readonly 'transport-encryption': TransportEncryption;
}

/** `--kernel`. */
export function kernelOption<T>(yargs: Argv<T>): Argv<T & { kernel: string | undefined }> {
  return yargs.option('kernel', {
    alias: 'k',
    type: 'string',
    requiresArg: true,
    describe: 'The kernel, by the name that "specs" lists',
  });
}

/** `--transport-encryption`, with the words and the default of the library. */
export function policyOption<T>(yargs: Argv<T>): Argv<T & { 'transport-encryption': TransportEncryption }> {
  return yargs.option('transport-encryption', {
    choices: ['disabled', 'auto', 'required'] as const,
    default: 'auto' as const,
    requiresArg: true,
    describe: 'auto: where the kernel can; required: or not at all',
  });
}
