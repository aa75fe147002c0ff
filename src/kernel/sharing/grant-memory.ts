import type { AuthorizedClient } from '../../access/authorized-clients.js';
import type { GrantTerms } from '../../access/grant.js';
import { formatConnectionInfo } from '../../connection/write-connection-file.js';
import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import { exposeZ85, publicKeyFromSecret, secretKeyFromZ85 } from '../../keys/curve-pair.js';
import type { ClientGrant, GrantEnd } from './client-grant.js';
import { deadlineIn, leftUntil } from './deadline.js';
import type { GrantKeeper } from './grant-keeper.js';
import type { Journal } from './journal.js';
import type { Rules } from './rules.js';

/** A grant, as it is kept. */
interface KeptGrant {
  readonly id: string;
  readonly terms: GrantTerms;
  readonly secretKey: string;
  /** The text of its connection file. */
  readonly connection: string;
  /** When, in milliseconds since 1970. */
  readonly ends?: { readonly at: number; readonly end: GrantEnd };
}

/** What is kept of a kernel. */
export interface Kept {
  /** Lines of `authorized_clients` whose grant was revoked in another way. */
  readonly revoked: readonly AuthorizedClient[];
  readonly topics: readonly (readonly [topic: string, isPrivate: boolean])[];
  readonly grants: readonly KeptGrant[];
}

/** What of a grant never changes, written out once: with hundreds of grants, each change of one would write out all. */
export type WrittenGrants = WeakMap<ClientGrant, Pick<KeptGrant, 'secretKey' | 'connection'>>;

/** Everything that a kernel's next process needs to be the same for its clients. Holds secrets. */
export function rememberGrants(
  grants: Iterable<ClientGrant>,
  rules: Rules,
  revoked: readonly AuthorizedClient[],
  written: WrittenGrants,
): string {
  const kept: KeptGrant[] = [];
  for (const grant of grants) {
    const { id, terms, server, listener, ended, ends } = grant;
    if (terms.origin === 'owner' || !server || !listener || ended) continue;
    const texts = written.get(grant) ?? {
      secretKey: exposeZ85(server.secretKey),
      connection: formatConnectionInfo(listener.connection),
    };
    written.set(grant, texts);
    const at = ends && Date.now() + leftUntil(ends);
    kept.push({ id, terms, ...texts, ...(ends && at !== undefined && { ends: { at, end: ends.end } }) });
  }
  return JSON.stringify({ revoked, topics: rules.changedTopics, grants: kept } satisfies Kept);
}

/**
 * Opens again, on the same ports and keys, what {@link rememberGrants} remembered; what has expired, or whose ports are taken, is not,
 * and the journal says so. Resolves to the lines of `authorized_clients` that are not to be followed.
 */
export async function restoreGrants(
  text: string,
  keeper: GrantKeeper,
  rules: Rules,
  journal: Journal,
): Promise<Kept['revoked']> {
  // Only an earlier process of this kernel can have sealed it.
  const { topics, grants, revoked }: Kept = JSON.parse(text);
  for (const [topic, isPrivate] of topics) rules.setTopic(topic, isPrivate);
  const restore = async ({ id, terms, secretKey: kept, connection: written, ends }: KeptGrant): Promise<void> => {
    try {
      const left = ends && ends.at - Date.now();
      if (left !== undefined && left <= 0) return;
      const secretKey = secretKeyFromZ85(kept, 'The key of a grant');
      const server = { publicKey: await publicKeyFromSecret(secretKey), secretKey };
      const connection = await parseConnectionInfo(written, `of ${terms.identity}`);
      const grant = await keeper.open(terms, { id, server, connection }, { why: 'kept over the restart' });
      if (ends && left !== undefined) keeper.expire(grant, deadlineIn(left), ends.end);
    } catch (error) {
      journal.alarm(error, terms.identity);
    }
  };
  await Promise.all(grants.map(restore));
  return revoked;
}
