import type { CommandModule } from 'yargs';
import { exitStatuses } from '../output/exit-status.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { JSON_OPTION, printJson, printResult } from '../output/output.js';

interface CanArguments extends ExistingArguments {
  readonly name: string;
  readonly act: readonly string[];
  readonly json: boolean;
}

/** `can`: whether an identity may perform an action, and which rule decides. If not, the exit status is that of a refusal. */
export const canCommand: CommandModule<object, CanArguments> = {
  command: 'can <name> <act..>',
  describe: 'Tell whether an identity may perform an action, and which rule decides',
  builder: (yargs) =>
    existingOptions(
      yargs.positional('name', { type: 'string', demandOption: true, describe: 'The identity' }).positional('act', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'The action: [channel.]msg_type [own] [comm=TARGET] [groups=A,B]',
      }),
    )
      .option('json', JSON_OPTION)
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
