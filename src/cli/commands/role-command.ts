import type { CommandModule } from 'yargs';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { parseRoles } from '../options/grant-options.js';
import { printNote } from '../output/output.js';

interface RoleArguments extends ExistingArguments {
  readonly name: string;
  readonly roles: readonly string[];
}

/** `role`: replaces the roles of an identity, from its next message on. */
export const roleCommand: CommandModule<object, RoleArguments> = {
  command: 'role <name> <roles..>',
  describe: 'Replace the roles of an identity',
  builder: (yargs) =>
    existingOptions(
      yargs
        .positional('name', { type: 'string', demandOption: true, describe: 'The identity' })
        .positional('roles', { type: 'string', array: true, demandOption: true, describe: 'Its new roles' }),
    ).example('$0 role alice executor --existing kernel.json', ''),
  handler: async (args) => {
    const roles = parseRoles(args.roles, 'role');
    await withAccess(args, (access) => access.setRoles(args.name, roles));
    printNote(`${args.name} is now ${roles.join(' and ')}`);
  },
};
