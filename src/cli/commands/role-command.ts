import type { CommandModule } from 'yargs';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { parseRoles } from '../options/grant-options.js';
import { printNote } from '../output/output.js';

interface RoleArguments extends ExistingArguments {
  readonly name: string;
  readonly roles: readonly string[];
}

/** `role`: other rights for somebody who is let in, from their next message on. */
export const roleCommand: CommandModule<object, RoleArguments> = {
  command: 'role <name> <roles..>',
  describe: 'Give somebody other rights',
  builder: (yargs) =>
    existingOptions(
      yargs
        .positional('name', { type: 'string', demandOption: true, describe: 'Whom' })
        .positional('roles', { type: 'string', array: true, demandOption: true, describe: 'As what' }),
    ).example('$0 role alice executor --existing kernel.json', ''),
  handler: async (args) => {
    const roles = parseRoles(args.roles, 'role');
    await withAccess(args, (access) => access.setRoles(args.name, roles));
    printNote(`${args.name} is ${roles.join(' and ')} now`);
  },
};
