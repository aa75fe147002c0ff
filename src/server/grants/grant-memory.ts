import type { AuthorizedClient } from '../../access/grants/authorized-clients.js';
import type { GrantTerms } from '../../access/grants/grant.js';
import { formatConnectionInfo } from '../../connection/write-connection-file.js';
import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import { curvePairOf, exposeZ85, secretKeyFromZ85 } from '../../keys/curve-pair.js';
import type { ClientGrant, GrantEnd } from './client-grant.js';
import { deadlineIn, leftUntil, type Deadline } from '../../support/deadline.js';
import type { GrantPlace } from './open-client.js';
import type { KeptRules } from '../rules/rules.js';
import type { KeptState } from '../state/state-lines.js';

/** A grant, as it is kept. */
interface KeptGrant {
  readonly id: string;
  readonly terms: GrantTerms;
  readonly secretKey: string;
  /** The text of its connection file. */
  readonly connection: string;
  /** When, in milliseconds since 1970. */
  readonly ends?: KeptEnd;
}

/** When a grant ends, by two clocks: the first can be set, and the second begins anew with the machine. */
interface KeptEnd {
  /** In milliseconds since 1970. */
  readonly at: number;
  /** In milliseconds of the machine's monotonic clock. */
  readonly machine: number;
  readonly end: GrantEnd;
}

/** What is kept of a kernel beside its grants. */
export interface KernelMemory {
  readonly rules: KeptRules;
  /** Lines of `authorized_clients` that were followed: those whose grant is not kept are not to be followed again. */
  readonly lines: readonly AuthorizedClient[];
  /** Whoever has no name stays out under this policy: that was revoked. */
  readonly anonymousRevoked: boolean;
}

/** A grant of an earlier process of the kernel, to be opened again. */
export interface FormerGrant {
  readonly terms: GrantTerms;
  readonly place: GrantPlace;
  readonly ends: ClientGrant['ends'];
}

/** What an earlier process of the kernel left. */
export interface FormerKernel extends KernelMemory {
  readonly grants: readonly FormerGrant[];
}

/** A grant's text, and what it was written from: with hundreds of grants, each change of one would write out all. */
export type WrittenGrants = WeakMap<ClientGrant, Pick<ClientGrant, 'terms' | 'ends'> & { readonly text: string }>;

/** Everything that a kernel's next process needs to be the same for its clients. Holds secrets. */
export function rememberKernel(memory: KernelMemory, grants: Iterable<ClientGrant>, written: WrittenGrants): KeptState {
  const kept: string[] = [];
  for (const grant of grants) {
    if (!isKept(grant)) continue;
    const { terms, ends } = grant;
    const before = written.get(grant);
    const text = before?.terms === terms && before.ends === ends ? before.text : textOf(grant);
    written.set(grant, { terms, ends, text });
    kept.push(text);
  }
  return { memory: JSON.stringify(memory), grants: kept };
}

/** Not that of the connection file, nor what has no sockets yet, or no more. */
const isKept = (grant: ClientGrant): grant is OpenGrant =>
  grant.terms.origin !== 'owner' && grant.server !== undefined && grant.listener !== undefined && !grant.ended;

type OpenGrant = ClientGrant & { readonly [part in 'server' | 'listener']: NonNullable<ClientGrant[part]> };

function textOf({ id, terms, server, listener, ends }: OpenGrant): string {
  return JSON.stringify({
    id,
    terms,
    secretKey: exposeZ85(server.secretKey),
    connection: formatConnectionInfo(listener.connection),
    ...(ends && { ends: keptEnd(ends, ends.end) }),
  } satisfies KeptGrant);
}

/** What {@link rememberKernel} remembered. Only an earlier process of this kernel can have sealed it. */
export async function recallKernel({ memory, grants }: KeptState): Promise<FormerKernel> {
  const kept: KernelMemory = JSON.parse(memory);
  return { ...kept, grants: await Promise.all(grants.map(async (text) => recallGrant(JSON.parse(text)))) };
}

async function recallGrant({ id, terms, secretKey: kept, connection: text, ends }: KeptGrant): Promise<FormerGrant> {
  const server = curvePairOf(secretKeyFromZ85(kept, 'The key of a grant'));
  const connection = await parseConnectionInfo(text, `of ${terms.identity}`);
  return {
    terms,
    place: { id, server, connection },
    ends: ends && { ...deadlineIn(Math.min(ends.at - Date.now(), ends.machine - machineClock())), end: ends.end },
  };
}

function keptEnd(deadline: Deadline, end: GrantEnd): KeptEnd {
  const left = leftUntil(deadline);
  return { at: Date.now() + left, machine: machineClock() + left, end };
}

/** The same for all processes of a machine, and not to be set: a clock that was set back over a restart prolongs nothing. */
const machineClock = (): number => Number(process.hrtime.bigint() / 1_000_000n);
