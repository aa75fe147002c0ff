import { randomBytes, randomUUID } from 'node:crypto';
import { createAddressRule } from '../../access/policy/address-rule.js';
import type { GrantTerms } from '../../access/grants/grant.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { grantNote } from '../../connection/grant-note.js';
import { CurveKernelError } from '../../errors.js';
import { samePublicKey, type CurvePair } from '../../keys/curve-pair.js';
import { Secret } from '../../keys/secret.js';
import { definedOnly } from '../../support/defined-only.js';
import type { Admit } from '../../transport/server/zap-policy.js';
import { openListener } from '../../transport/server/open-listener.js';
import type { ListenerOptions } from '../../transport/server/listener.js';
import type { ListenerEvent } from '../../transport/server/listener-event.js';
import type { TransportContext } from '../../transport/transport-context.js';
import { createArrivals } from '../arrivals.js';
import type { ClientGrant } from './client-grant.js';
import type { Journal } from '../audit/journal.js';
import { KEYED_SOCKETS, WATCHED_SOCKETS } from '../peers.js';
import type { VerifiedRoles } from '../rules/verifier.js';
import type { MessageFilter } from '../messages/message-filter.js';

/** Dependencies of the sockets of every grant. */
export interface ClientSockets {
  readonly context: TransportContext;
  readonly messageFilter: MessageFilter;
  readonly journal: Journal;
  /** Called with the events of each listener. With it, all sockets are monitored. */
  readonly onEvent?: (event: ListenerEvent, identity: string) => void;
  readonly keepBytes?: boolean;
  readonly isAlive?: () => boolean;
  /** Asked about every connection with the right key from a right address. */
  readonly verifiedRoles?: VerifiedRoles;
}

/**
 * Opens the five sockets of a grant, at `connection`, and gives them to it. Subscribers in the meantime are welcomed when they are
 * open; requests in the meantime are answered at once.
 *
 * @throws CurveKernelError as {@link openListener} does
 */
export async function openClient(
  grant: ClientGrant,
  connection: ConnectionInfo,
  sockets: ClientSockets,
): Promise<void> {
  const { context, messageFilter, journal, onEvent, keepBytes, isAlive } = sockets;
  const { server, identity, terms } = grant;
  const early: Uint8Array[] = [];
  const options: ListenerOptions = {
    context,
    name: identity,
    connection,
    ...(server && { server, admit: admitTo(grant, sockets) }),
    admitsStrangers: terms.origin === 'anonymous',
    rights: messageFilter.rightsOf(grant),
    ...definedOnly({ keepBytes, isAlive }),
    onMessage(received) {
      // The first request may be here before openListener has resolved, and its answers are published too.
      grant.listener ??= received.listener;
      messageFilter.receive(grant, received);
    },
    onSubscribe(topic) {
      if (grant.listener) messageFilter.welcome(grant, topic);
      else early.push(topic);
    },
    onLoss: (loss) => messageFilter.reportLoss(grant, loss),
    onEvent(event) {
      note(journal, grant, event);
      if (onEvent) onEvent(event, identity);
      else if (event.kind === 'handler-failed') throw event.error;
    },
    // What a verifier says holds for an address, so it must be known when the last connection from there has ended.
    ...(!onEvent && { monitor: sockets.verifiedRoles && terms.origin !== 'owner' ? KEYED_SOCKETS : WATCHED_SOCKETS }),
  };
  grant.listener = await openListener(options);
  for (const topic of early) messageFilter.welcome(grant, topic);
}

/**
 * The connection of a new grant: beside `owner`, on ports of its own, with a signature key of its own. With the secret key of the pair in it
 * where that is the key that is admitted.
 */
export function connectionFor(owner: ConnectionInfo, server: CurvePair, terms: GrantTerms): ConnectionInfo {
  const { identity: name, roles, publicKey, expiresAt } = terms;
  const { transport, ip, signatureScheme, kernelName } = owner;
  return {
    transport,
    ip: transport === 'ipc' ? `${ip}-${randomBytes(4).toString('hex')}` : ip,
    ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    key: Secret.fromText(randomUUID()),
    signatureScheme,
    ...(kernelName !== undefined && { kernelName }),
    curve:
      publicKey === server.publicKey
        ? { publicKey: server.publicKey, secretKey: server.secretKey }
        : { publicKey: server.publicKey, clientPublicKey: publicKey },
    extra: grantNote({ name, roles, ...(expiresAt !== undefined && { expiresAt }) }),
  };
}

function admitTo(grant: ClientGrant, { verifiedRoles }: ClientSockets): Admit {
  const { origin, publicKey: key, from } = grant.terms;
  const isFrom = from && createAddressRule(from);
  return ({ socket, publicKey, address }) => {
    const isHolder = socket === 'heartbeat' || origin === 'anonymous' || samePublicKey(publicKey, key);
    if (grant.ended || !isHolder || isFrom?.(address) === false) return false;
    // Every key is admitted there, so a stranger would be taken for the identity.
    if (socket === 'heartbeat') return true;
    return verifiedRoles?.verify(grant, address) ?? true;
  };
}

function note(journal: Journal, grant: ClientGrant, event: ListenerEvent): void {
  const left = grant.peers.take(event, new Date());
  switch (event.kind) {
    case 'peer-accepted':
      grant.arrivals ??= createArrivals((channels, address) =>
        journal.about(grant, { event: 'accept', channels, address, ...(channels.join() === 'heartbeat' && ANY_KEY) }),
      );
      return grant.arrivals.add(event.socket, event.address);
    case 'peer-refused':
      return journal.refuse(grant, event);
    case 'peer-left':
      // A client has left with its shell: of the other sockets nothing more is to be told.
      if (left) journal.about(grant, { event: 'leave', channels: left.sockets, address: left.address });
      return;
    case 'handshake-failed':
      return journal.refuseAt(grant, event.socket, `handshake: ${event.reason}`);
    case 'connections-reset':
      return journal.refuseAt(grant, event.socket, RESETS[event.reason]);
    case 'message-rejected':
      return journal.deny(grant, { channel: event.channel, type: '?', rule: event.error.code });
    case 'handler-failed':
      return journal.raise({ message: describe(event.error), hint: FAILURE_HINT }, { channel: event.socket });
  }
}

const RESETS = { topics: 'too many topics: all connections ended', stuck: 'stuck connections: all ended' } as const;
const ANY_KEY = { rule: 'heartbeat admits every key' };
const FAILURE_HINT = 'A message of a client could not be handled; please report this.';

const describe = (error: unknown): string =>
  error instanceof CurveKernelError ? `kernel: ${error.code}` : 'kernel: an internal error';
