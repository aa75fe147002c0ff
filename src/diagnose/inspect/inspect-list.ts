import { parseAuthorizedClients } from '../../access/grants/authorized-clients.js';
import { isBuiltInRole } from '../../access/policy/role.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { fact, type Content } from './inspection.js';

/** Explains an `authorized_clients` file. @throws CurveKernelError `authorized-clients-invalid`. */
export function inspectAuthorizedClients(text: string, file: string): Content {
  const clients = parseAuthorizedClients(text, file);
  return {
    kind: 'authorized-clients',
    title: 'authorized_clients: clients that may use every kernel that jupyter-curve starts with it',
    facts: clients.map(({ identity, publicKey, roles, expiresAt, from }) => {
      const words = [
        roles.join(','),
        fingerprint(publicKey),
        ...(expiresAt === undefined ? [] : [`until ${expiresAt}`]),
        ...(from === undefined ? [] : [`from ${from.join(',')}`]),
      ];
      const value = { roles: [...roles], fingerprint: fingerprint(publicKey), expires_at: expiresAt ?? null };
      return fact(`client ${identity}`, identity, words.join(', '), value);
    }),
    problems: [],
    isSecret: false,
  };
}

/** Explains a policy file. Loads the YAML parser. @throws CurveKernelError `policy-invalid`. */
export async function inspectPolicy(text: string, file: string): Promise<Content> {
  const { parsePolicy } = await import('../../access/policy/policy-file.js');
  const { policy, tests, warnings } = parsePolicy(text, file);
  const roles = [...policy.roles.keys()].filter((name) => !isBuiltInRole(name));
  const groups = [...policy.privateGroups];
  return {
    kind: 'policy',
    title: 'an access policy: roles, and which outputs are private',
    facts: [
      fact('roles', 'own roles', roles.join(', ') || 'none, only the built-in ones', roles),
      fact(
        'anonymous',
        'anonymous',
        policy.anonymous === 'deny' ? 'not admitted' : `admitted as ${policy.anonymous}`,
        policy.anonymous,
      ),
      fact('private', 'private', groups.join(', ') || 'nothing', groups),
      fact('tests', 'tests', `${tests}, which pass`, tests),
    ],
    problems: warnings.map(({ message, hint }) => ({ message: `${message}.`.replace(/\.\.$/, '.'), hint })),
    isSecret: false,
  };
}
