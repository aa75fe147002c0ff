/** An option with a text as its value. */
export const text = <const Describe extends string>(describe: Describe) =>
  ({ type: 'string', requiresArg: true, describe }) as const;

/** An option that has to be given. */
export const needed = <const Describe extends string>(describe: Describe) =>
  ({ ...text(describe), demandOption: true }) as const;

/** An option that can be given several times. */
export const list = <const Describe extends string>(describe: Describe) =>
  ({ ...text(describe), array: true }) as const;

/** An option without a value. */
export const flag = <const Describe extends string>(describe: Describe) =>
  ({ type: 'boolean', default: false, describe }) as const;

/** An argument that has to be given. */
export const argument = <const Describe extends string>(describe: Describe) =>
  ({ type: 'string', demandOption: true, describe }) as const;

/** The option `--json`. */
export const JSON_OPTION = flag('Print JSON');

/** The option `--kernel`. */
export const KERNEL_OPTION = { ...text('Kernel to use, by its name in "specs"'), alias: 'k' } as const;

/** The option `--transport-encryption`, with the values and the default of the library. */
export const ENCRYPTION_OPTION = {
  choices: ['disabled', 'auto', 'required', 'native'],
  default: 'auto',
  requiresArg: true,
  describe: 'auto: encrypt, by a relay if the kernel cannot; required: fail otherwise; native: without a relay',
} as const;
