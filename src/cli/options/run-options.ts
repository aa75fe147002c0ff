import type { Values } from '../command.js';
import { KEY_FILE_OPTION } from './existing-kernel.js';
import { argument, ENCRYPTION_OPTION, flag, KERNEL_OPTION, text } from './option.js';
import { PARAMETER_OPTIONS } from './run-parameters.js';

/** The argument and the options of `run`. */
export const RUN_OPTIONS = {
  arguments: { notebook: argument('The notebook (.ipynb)') },
  options: {
    kernel: KERNEL_OPTION,
    'transport-encryption': ENCRYPTION_OPTION,
    'key-file': KEY_FILE_OPTION,
    existing: text('Use the running kernel of this connection file instead of a new one'),
    output: text('Write the executed notebook to this file'),
    inplace: flag('Write the executed notebook over the original'),
    ...PARAMETER_OPTIONS,
    timeout: { type: 'number', requiresArg: true, describe: 'Maximum run time of a cell in seconds [default: none]' },
    'allow-errors': flag('Continue after a cell that fails'),
    'show-outputs': { type: 'boolean', describe: 'Print the outputs of cells [default: unless a notebook is written]' },
    'show-security': flag('Print at the end how each channel was protected'),
    json: flag('Print one JSON value about the run instead of outputs'),
  },
} as const;

/** The values of {@link RUN_OPTIONS}. */
export type RunArguments = Values<typeof RUN_OPTIONS.arguments & typeof RUN_OPTIONS.options>;
