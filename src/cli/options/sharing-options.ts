import { join } from 'node:path';
import { parseReauthInterval } from '../../access/grants/reauth-interval.js';
import { CurveKernelError } from '../../errors.js';
import type { AccessOptions } from '../../server/rules/access-options.js';
import { jupyterDataFolder } from '../../launch/jupyter-paths.js';
import { defaultAuditFile } from './default-audit-file.js';

const text = <const Describe extends string>(describe: Describe) =>
  ({ type: 'string', requiresArg: true, describe }) as const;

/** The options of `kernel` that say whom it is shared with. */
export const ACCESS_OPTIONS = {
  'authorized-clients': text('Who may connect [default: authorized_clients in the data folder of Jupyter]'),
  policy: text('Which roles there are, in YAML [default: access_policy.yaml there]'),
  audit: text('Where what happens is written down [default: in jupyter-curve/audit there]'),
  reauth: text('How often every right is looked at again, such as 10s [default: 30s]'),
  verify: text('A module that is asked about everybody who connects'),
} as const;

/** What was given of {@link ACCESS_OPTIONS}. */
export type AccessArguments = { readonly [Name in keyof typeof ACCESS_OPTIONS]?: string | undefined };

/** The access options of the kernel of this connection file. Rejects with 'usage' for a wrong `--reauth`. */
export async function accessOptions(args: AccessArguments, connectionFile: string): Promise<AccessOptions> {
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
    ...(reauth !== undefined && { reauthInterval: parseInterval(reauth) }),
    ...(verify !== undefined && { verify }),
  };
}

function parseInterval(interval: string): number {
  try {
    return parseReauthInterval(interval);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const hint = 'see "jupyter-curve kernel --help"';
    throw new CurveKernelError('usage', `--reauth ${cause.message}`, { hint, cause });
  }
}
