import { defineCommand } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { argument, JSON_OPTION } from '../options/option.js';
import { exitStatuses } from '../output/exit-status.js';
import { printJson, printResult } from '../output/output.js';

/** `can`: whether an identity may perform an action, and which rule decides. If not, the exit status is that of a refusal. */
export const command = defineCommand({
  arguments: {
    name: argument('The identity'),
    act: { ...argument('The action: [channel.]msg_type [own] [comm=TARGET] [groups=A,B]'), array: true },
  },
  options: { ...EXISTING_OPTIONS, json: JSON_OPTION },
  examples: [
    ['can alice execute_request --existing kernel.json'],
    ['can alice iopub.stream groups=salaries --existing kernel.json'],
  ],
  run: async (args) => {
    const decision = await withAccess(args, (access) => access.can(args.name, args.act.join(' ')));
    const { allowed, rule, missing } = decision;
    if (args.json) printJson(decision);
    else printResult(`${allowed ? 'yes' : 'no'}: ${rule}${missing === undefined ? '' : ` (missing: ${missing})`}`);
    if (!allowed) process.exitCode = exitStatuses['not-permitted'];
  },
});
