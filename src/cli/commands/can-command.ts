import type { CommandModule } from 'yargs';
import { exitStatuses } from '../output/exit-status.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { printJson, printResult } from '../output/output.js';

interface CanArguments extends ExistingArguments {
  readonly name: string;
  readonly act: readonly string[];
  readonly json: boolean;
}

/** `can`: whether somebody may do something, and which rule says so. The status is that of a refusal when they may not. */
export const canCommand: CommandModule<object, CanArguments> = {
  command: 'can <name> <act..>',
  describe: 'Say whether somebody may do something, and why',
  builder: (yargs) =>
    existingOptions(
      yargs.positional('name', { type: 'string', demandOption: true, describe: 'Who' }).positional('act', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'What: [channel.]msg_type [own] [comm=TARGET] [groups=A,B]',
      }),
    )
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 can alice execute_request --existing kernel.json', '')
      .example('$0 can alice iopub.stream groups=salaries --existing kernel.json', ''),
  handler: can,
};

async function can(args: CanArguments): Promise<void> {
  const decision = await withAccess(args, (access) => access.can(args.name, args.act.join(' ')));
  const { allowed, rule, missing } = decision;
  if (args.json) printJson(decision);
  else printResult(`${allowed ? 'yes' : 'no'}: ${rule}${missing === undefined ? '' : ` (missing: ${missing})`}`);
  if (!allowed) process.exitCode = exitStatuses['not-permitted'];
}
