import type { CommandModule } from 'yargs';
import { RELAY_OPTIONS } from '../options/relay-options.js';

/** `relay`: the command of a wrapped kernelspec, for `--help` alone; main.ts runs it without the libraries of the other commands. */
export const relayCommand: CommandModule<object, object> = {
  command: 'relay',
  describe: 'Run another kernel behind keys and access control (front ends start this; see wrap)',
  builder: (yargs) => yargs.options(RELAY_OPTIONS),
  handler: () => undefined,
};
