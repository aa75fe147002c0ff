import { parseAuthorizedClients, type AuthorizedClient } from '../../access/grants/authorized-clients.js';
import { checkGrantTerms } from '../../access/grants/grant.js';
import { DEFAULT_POLICY, type Policy } from '../../access/policy/policy.js';
import { isBuiltInRole } from '../../access/policy/role.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { readRules } from '../../server/rules/watched-file.js';
import { defineCommand } from '../command.js';
import { JSON_OPTION, text } from '../options/option.js';
import { plural, printJson, printResult, printWarning } from '../output/output.js';
import { usageError } from '../output/usage-error.js';

/** `policy check`: checks whether a kernel could use these files; needs no kernel. */
export const command = defineCommand({
  arguments: {
    action: { choices: ['check'], demandOption: true, describe: 'The action' },
    file: { type: 'string', describe: 'The policy file' },
  },
  options: {
    'authorized-clients': text('Check this list of authorized clients too, against the roles of the policy'),
    json: JSON_OPTION,
  },
  check: ({ file, 'authorized-clients': clients }) => {
    if (!(file ?? clients)) throw usageError('A policy file or --authorized-clients is needed.', 'policy');
  },
  examples: [['policy check access_policy.yaml --authorized-clients authorized_clients']],
  run: async ({ file, 'authorized-clients': list, json }) => {
    const found = file === undefined ? undefined : await readPolicy(file);
    const clients = list === undefined ? undefined : await checkClients(list, found?.policy ?? DEFAULT_POLICY);
    const roles = found && [...found.policy.roles.keys()].filter((name) => !isBuiltInRole(name));
    if (json) {
      return printJson({
        ...(found && { policy: { file, roles, tests: found.tests } }),
        ...(clients && { authorizedClients: { file: list, clients: clients.length } }),
      });
    }
    if (found && roles) {
      const tests = `${plural(found.tests, 'test')} ${found.tests === 1 ? 'passes' : 'pass'}`;
      printResult(`${file}: ${plural(roles.length, 'role')}, ${tests}`);
    }
    if (clients) printResult(`${list}: ${plural(clients.length, 'client')}`);
  },
});

async function readPolicy(file: string): Promise<{ readonly policy: Policy; readonly tests: number }> {
  const { parsePolicy } = await import('../../access/policy/policy-file.js');
  const { policy, tests, warnings } = parsePolicy(await readRules(file, 'policy'), file);
  for (const warning of warnings) printWarning(warning);
  return { policy, tests };
}

async function checkClients(file: string, policy: Policy): Promise<readonly AuthorizedClient[]> {
  const clients = parseAuthorizedClients(await readRules(file, 'authorized-clients'), file);
  const issuedAt = new Date(0).toISOString();
  for (const { line, ...client } of clients) {
    try {
      checkGrantTerms({ ...client, issuedAt, origin: 'authorized-clients' }, policy);
    } catch (error) {
      if (!isCurveKernelError(error)) throw error;
      throw new CurveKernelError(
        'authorized-clients-invalid',
        `Authorized clients ${file}, line ${line}: ${error.message}`,
        {
          hint: error.hint,
          cause: error,
          data: { file, line },
        },
      );
    }
  }
  return clients;
}
