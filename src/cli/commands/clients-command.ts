import type { ClientInfo } from '../../access/grants/grant-info.js';
import { defineCommand } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { JSON_OPTION } from '../options/option.js';
import { printJson, printResult, table } from '../output/output.js';

/** `clients`: the grants of a kernel and the connections that use them. */
export const command = defineCommand({
  options: { ...EXISTING_OPTIONS, json: JSON_OPTION },
  run: async (args) => {
    const clients = await withAccess(args, (access) => access.clients());
    if (args.json) printJson({ clients });
    else printResult(table([HEADING, ...clients.flatMap(rows)]));
  },
});

const HEADING = ['NAME', 'ROLES', 'KEY FINGERPRINT', 'UNTIL', 'CONNECTED FROM', 'SINCE', 'LAST REQUEST'];

/** A row for each connection of a grant; one row for a grant without connections. */
function rows({ name, roles, fingerprint, expiresAt = '-', connected, lastRequest }: ClientInfo): readonly string[][] {
  const grant = [name, roles.join(','), fingerprint, expiresAt];
  const last = lastRequest === undefined ? '-' : `${lastRequest.type} at ${lastRequest.at}`;
  if (connected.length === 0) return [[...grant, '-', '-', last]];
  return connected.map(({ address, since }) => [...grant, address, since, last]);
}
