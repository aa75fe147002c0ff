import { join } from 'node:path';
import { parseReauthInterval } from '../../access/grants/duration.js';
import { jupyterDataFolder } from '../../launch/jupyter-paths.js';
import type { AccessOptions } from '../../server/rules/access-options.js';
import { definedOnly } from '../../support/defined-only.js';
import { text } from './option.js';
import { parseOption } from '../output/usage-error.js';
import { defaultAuditFile } from './default-audit-file.js';

/** The options of `kernel` and `start` about sharing a kernel. */
export const SHARING_OPTIONS = {
  'authorized-clients': text("List of clients with their keys [default: authorized_clients in Jupyter's data folder]"),
  policy: text("Policy file with the roles, in YAML [default: access_policy.yaml in Jupyter's data folder]"),
  audit: text("Audit file [default: in jupyter-curve/audit in Jupyter's data folder]"),
  reauth: text('Interval in which all rights are checked again, such as 10s [default: 30s]'),
  verify: text('JavaScript module that is asked about every client that connects'),
} as const;

/** The values of {@link SHARING_OPTIONS} that were given. */
export type SharingArguments = { readonly [Name in keyof typeof SHARING_OPTIONS]?: string | undefined };

/** The access options of the kernel of this connection file. @throws CurveKernelError `usage` for a wrong `--reauth`. */
export async function readAccessOptions(args: SharingArguments, connectionFile: string): Promise<AccessOptions> {
  const data = await jupyterDataFolder();
  const { reauth, verify } = args;
  return {
    authorizedClients: args['authorized-clients'] ?? join(data, 'authorized_clients'),
    policyFile: args.policy ?? join(data, 'access_policy.yaml'),
    required: [
      ...(args['authorized-clients'] === undefined ? [] : (['authorizedClients'] as const)),
      ...(args.policy === undefined ? [] : (['policyFile'] as const)),
    ],
    auditFile: args.audit ?? (await defaultAuditFile(connectionFile)),
    ...definedOnly({
      reauthInterval:
        reauth === undefined ? undefined : parseOption('--reauth', 'kernel', () => parseReauthInterval(reauth)),
      verify,
    }),
  };
}
