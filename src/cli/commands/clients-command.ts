import type { CommandModule } from 'yargs';
import type { ClientInfo } from '../../access/grants/grant-info.js';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { JSON_OPTION, printJson, printResult, table } from '../output/output.js';

interface ClientsArguments extends ExistingArguments {
  readonly json: boolean;
}

/** `clients`: the grants of a kernel and the connections that use them. */
export const clientsCommand: CommandModule<object, ClientsArguments> = {
  command: 'clients',
  describe: 'List the grants of a running kernel and the clients that are connected',
  builder: (yargs) => existingOptions(yargs).option('json', JSON_OPTION),
  handler: clients,
};

async function clients(args: ClientsArguments): Promise<void> {
  const found = await withAccess(args, (access) => access.clients());
  if (args.json) printJson({ clients: found });
  else printResult(table([HEADING, ...found.flatMap(rows)]));
}

const HEADING = ['NAME', 'ROLES', 'KEY FINGERPRINT', 'UNTIL', 'CONNECTED FROM', 'SINCE', 'LAST REQUEST'];

/** A row for each connection of a grant; one row for a grant without connections. */
function rows({ name, roles, fingerprint, expiresAt = '-', connected, lastRequest }: ClientInfo): readonly string[][] {
  const grant = [name, roles.join(','), fingerprint, expiresAt];
  const last = lastRequest === undefined ? '-' : `${lastRequest.type} at ${lastRequest.at}`;
  if (connected.length === 0) return [[...grant, '-', '-', last]];
  return connected.map(({ address, since }) => [...grant, address, since, last]);
}
