import { defineCommand } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { parseRoles } from '../options/grant-options.js';
import { argument } from '../options/option.js';
import { printNote } from '../output/output.js';

/** `role`: replaces the roles of an identity, from its next message on. */
export const command = defineCommand({
  arguments: { name: argument('The identity'), roles: { ...argument('Its new roles'), array: true } },
  options: EXISTING_OPTIONS,
  examples: [['role alice executor --existing kernel.json']],
  run: async (args) => {
    const roles = parseRoles(args.roles, 'role');
    await withAccess(args, (access) => access.setRoles(args.name, roles));
    printNote(`${args.name} is now ${roles.join(' and ')}`);
  },
});
