import { NOT_PERMITTED, type Subject, describeRefusal } from '../../access/policy/decide.js';
import { type SeeAct, type SendAct, WATCH_ACT } from '../../access/policy/act.js';
import { groupsOf, type Groups } from '../../access/policy/groups.js';
import { isAdminType, isCommType, MESSAGE_TYPES, printableType } from '../../access/policy/message-types.js';
import { withUsername } from '../../protocol/original-fields.js';
import { createMessage, type MessageOrigin } from '../../protocol/create-message.js';
import { encodeParts, totalBytes, withParent, type EncodedMessage } from '../../protocol/frames.js';
import type { Header, JsonObject, Message, ParentHeader, RequestChannel } from '../../protocol/message.js';
import type { ReceivedMessage } from '../../transport/server/listener.js';
import type { MessageHeaders, OutputLoss } from '../../transport/server/publish-queue.js';
import type { SenderRights } from '../../transport/server/sender-rights.js';
import type { Request } from '../backend.js';
import type { ServerState } from '../server-state.js';
import { answer, type Handler } from './reply.js';
import type { ClientGrant } from '../grants/client-grant.js';
import { createCommTargets } from './comm-targets.js';
import { DelayedCopies } from './delayed-copies.js';
import { trackDisplayGroups } from './display-groups.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import { definedOnly } from '../../support/defined-only.js';
import { ACCESS_EVENT } from '../../access/requests/request-types.js';
import { seenByOthers } from './seen-parent.js';

/** An output of the backend. */
interface Output {
  readonly message: Message;
  readonly act: SeeAct;
  /** Once it was written. */
  asSent?: EncodedMessage;
  /** The same for others than the requester. */
  forOthers?: { readonly encoded: EncodedMessage; readonly headers: MessageHeaders };
}

/** Bytes of a message that does not wait for others than the requester: many of them would be held in memory. */
const MAX_COPY_BYTES = 64 * 1024;

/** Passes messages between listeners and backend, as far as the rules allow. */
export class MessageFilter {
  readonly #state: ServerState;
  readonly #administrate: (request: Request, grant: ClientGrant) => Promise<JsonObject>;
  readonly #comms = createCommTargets();
  readonly #groupsOf = trackDisplayGroups();
  /** The last status message for all clients. */
  #publicState: Message | undefined;
  /** The last status that each grant was told: state and request. */
  readonly #lastState = new WeakMap<ClientGrant, Pick<Message, 'content' | 'parent_header'>>();

  readonly #copies = new DelayedCopies<Output, ClientGrant>({
    receivers: () => this.#state.grants,
    send: (grant, output) => {
      if (grant.listener?.hasSubscribers !== true || isBy(grant, output.message.parent_header)) return false;
      this.#send(grant, output, false);
      return true;
    },
  });

  /** `administrate` answers administrative requests. */
  constructor(state: ServerState, administrate: (request: Request, grant: ClientGrant) => Promise<JsonObject>) {
    this.#state = state;
    this.#administrate = administrate;
  }

  /** Takes a message that arrived on the listener of `grant`. */
  receive(grant: ClientGrant, received: ReceivedMessage): void {
    const request = this.#request(grant, received);
    const { header } = request.message;
    grant.lastRequest = { at: Date.now(), type: printableType(header.msg_type) };
    if (!request.isPermitted()) return;
    const { fault } = received;
    if (fault !== undefined) {
      this.#state.journal.deny(grant, { channel: request.channel, type: header.msg_type, rule: fault.code });
      return void this.#answer(grant, request, () => Promise.reject(fault));
    }
    this.#comms.note(request.message);
    if (request.channel === 'control' && isAdminType(header.msg_type)) {
      void this.#answer(grant, request, () => this.#administrate(request, grant));
    } else {
      this.#state.backend().receive(request);
    }
  }

  /** The rights of a grant that can be checked before a message is read. */
  rightsOf(grant: ClientGrant): SenderRights {
    const { rules, backend } = this.#state;
    return {
      sendsLarge: () => this.#sendsLarge(grant.subject),
      maySend: (channel, { msg_type: msgType }) =>
        rules.maySend(grant.subject, { kind: 'send', channel, msgType, own: backend().isRunning(grant.identity) }),
    };
  }

  /**
   * Sends on iopub to every client that may see it: at once to the requester's, which wait for it, and to others a little later, in the same
   * order, as far as their rights then allow. It is encoded once for the requester and once for others, and signed for each subscriber.
   */
  publish(message: Message): void {
    const { header, parent_header: parent } = message;
    const isStatus = header.msg_type === 'status';
    const isQuiet = isStatus && this.#cannotRun(parent);
    if (isStatus && !isQuiet) this.#publicState = message;
    const act = seeAct(message, false, this.#groupsOf(message), this.#comms.of(message));
    const output: Output = { message, act };
    this.#comms.note(message);
    let hasOthers = false;
    for (const grant of this.#state.grants) {
      if (grant.listener?.hasSubscribers !== true) continue;
      if (isBy(grant, parent)) this.#send(grant, output, true);
      else hasOthers = !isQuiet;
    }
    if (!hasOthers) return;
    const { parts, buffers } = (output.asSent ??= encodeParts(message));
    this.#copies.add(output, totalBytes([...parts, ...buffers]) > MAX_COPY_BYTES);
  }

  /** Sends what others than requesters are still to get. */
  flush(): void {
    this.#copies.flush();
  }

  #send(grant: ClientGrant, output: Output, own: boolean): void {
    const { message, act } = output;
    const { header, parent_header: parent } = message;
    if (!this.#state.rules.decide(grant.subject, own ? { ...act, own } : act).allowed) return;
    if (header.msg_type === 'status' && !this.#isNews(grant, message)) return;
    const topic = Buffer.from(header.msg_type);
    const asSent = (output.asSent ??= encodeParts(message));
    if (own) return grant.listener?.publishEncoded(asSent, topic, message);
    const { encoded, headers } = (output.forOthers ??= forOthers(asSent, header, parent));
    grant.listener?.publishEncoded(encoded, topic, headers);
  }

  /** Bytes of output that wait for the client that reads fastest; 0 where none is there. */
  get pressure(): number {
    let least = Infinity;
    for (const { listener } of this.#state.grants) {
      if (listener?.hasSubscribers === true) least = Math.min(least, listener.pressure);
    }
    return least === Infinity ? 0 : least;
  }

  /** Tells the clients of this grant alone that output did not reach them. */
  reportLoss(grant: ClientGrant, loss: OutputLoss): void {
    this.flush();
    const content = { name: 'stderr', text: describeLoss(loss) };
    grant.listener?.publish(createMessage(this.#state.origin, 'stream', content, { parent: loss.parent }));
  }

  /** Greets a new subscription, unless none of the messages it is to can be seen by the grant. */
  welcome(grant: ClientGrant, topic: Uint8Array): void {
    const { origin, rules, journal } = this.#state;
    const message = welcomeMessage(origin, topic);
    if (message === undefined) return;
    const named = Buffer.from(topic).toString();
    const types = [...MESSAGE_TYPES.iopub, ACCESS_EVENT].filter((type) => type.startsWith(named));
    const may = (msgType: string): boolean =>
      rules.decide(
        grant.subject,
        msgType === ACCESS_EVENT ? WATCH_ACT : { kind: 'see', msgType, own: true, groups: [] },
      ).allowed;
    if ((types.length === 0 ? [named] : types).some(may)) {
      this.flush();
      return grant.listener?.publish(message, topic);
    }
    journal.deny(grant, { channel: 'iopub', type: named === '' ? '*' : named, rule: 'no right to see any of it' });
  }

  #sendsLarge(subject: Subject): boolean {
    return LARGE_TYPES.some((msgType) =>
      (['shell', 'control'] as const).some((channel) =>
        this.#state.rules.maySend(subject, { kind: 'send', channel, msgType, own: true }),
      ),
    );
  }

  /**
   * The sender of the request may only ask. Other clients are not told that the kernel is busy with the answer: that would let it flood
   * them.
   */
  #cannotRun({ username }: ParentHeader): boolean {
    for (const { identity, server, subject } of this.#state.grants) {
      if (identity === username && server) return !this.#sendsLarge(subject);
    }
    return false;
  }

  /** True if the last status for this grant was another one. Remembers this one. */
  #isNews(grant: ClientGrant, { content, parent_header: parent }: Message): boolean {
    const last = this.#lastState.get(grant);
    this.#lastState.set(grant, { content, parent_header: parent });
    return !(
      last?.content['execution_state'] === content['execution_state'] &&
      last?.parent_header.username === parent.username &&
      last?.parent_header.msg_id === parent.msg_id
    );
  }

  #request(grant: ClientGrant, { channel, routing, message: sent, listener }: ReceivedMessage): Request {
    const message = grant.server ? { ...sent, header: withUsername(sent.header, grant.identity) } : sent;
    const { header } = message;
    const request: Request = {
      channel,
      message,
      identity: grant.identity,
      grant: grant.id,
      client: `${grant.id}/${routing.map((id) => Buffer.from(id).toString('hex')).join('/')}`,
      isRevocable: grant.terms.origin !== 'owner',
      ...wayBack({ channel, routing, listener }, this.#commRights(grant)),
      isPermitted: () => this.#isPermitted(grant, request),
      maySee: ({ msgType, identity, metadata }) => {
        const act = {
          kind: 'see',
          msgType,
          own: identity === grant.identity,
          groups: groupsOf({ metadata, content: {} }),
        } as const;
        return this.#state.rules.decide(grant.subject, act).allowed;
      },
      disregard: () => this.#state.journal.deny(grant, { channel, type: header.msg_type, rule: 'not asked for' }),
    };
    return request;
  }

  #commRights(grant: ClientGrant): (commTarget: string) => boolean {
    return (commTarget) =>
      this.#state.rules.decide(grant.subject, { kind: 'see', msgType: 'comm_msg', own: false, commTarget }).allowed;
  }

  #isPermitted(grant: ClientGrant, request: Request): boolean {
    const { rules, journal, backend } = this.#state;
    const { channel, message, identity } = request;
    const act = sendAct(channel, message, backend().isRunning(identity), this.#comms.of(message));
    const decision = rules.decide(grant.subject, act);
    if (decision.allowed) return true;
    journal.deny(grant, { channel, type: message.header.msg_type, rule: decision.rule });
    const reason = describeRefusal(grant.subject, act, decision);
    const content = refusal(reason);
    void this.#answer(grant, request, () => {
      // Front ends show below a cell what iopub says, not replies; and comms have no reply. It goes to this grant's sockets alone.
      if (isShownOnIopub(message)) {
        this.flush();
        const shown = { ...content, traceback: [`${NOT_PERMITTED}: ${reason}`] };
        grant.listener?.publish(createMessage(this.#state.origin, 'error', shown, { parent: message.header }));
      }
      return content;
    });
    return false;
  }

  /** Answers with busy and idle that only the client who asked hears. */
  async #answer(grant: ClientGrant, request: Request, handle: Handler): Promise<void> {
    const { origin, rules } = this.#state;
    // It is told of its own request whatever it may see: it would wait for ever.
    const say = (execution_state: string, parent: ParentHeader): void => {
      const message = createMessage(origin, 'status', { execution_state }, { parent });
      this.flush();
      if (!grant.ended && this.#isNews(grant, message)) grant.listener?.publish(message);
    };
    const begin = (header: Header): void => say('busy', header);
    const end = (header: Header): void => {
      say('idle', header);
      // Front ends show the last status, and code of another client may be running.
      const state = this.#publicState;
      if (state?.content['execution_state'] !== 'busy') return;
      const parent = state.parent_header;
      const own = isBy(grant, parent);
      if (!rules.decide(grant.subject, seeAct(state, own, [])).allowed) return;
      say('busy', own ? parent : seenByOthers(parent));
    };
    await answer(origin, { begin, end }, request, handle);
  }
}

function forOthers(asSent: EncodedMessage, header: Header, parent: ParentHeader): NonNullable<Output['forOthers']> {
  const seen = seenByOthers(parent);
  return { encoded: withParent(asSent, seen), headers: { header, parent_header: seen } };
}

/** Made outside of the method that has the request: to keep the way back is not to keep what was sent. */
function wayBack(
  { channel, routing, listener }: Pick<ReceivedMessage, 'channel' | 'routing' | 'listener'>,
  maySee: (commTarget: string) => boolean,
): Pick<Request, 'reply' | 'ask'> {
  return {
    reply: (message) => listener.send(channel, routing, withVisibleComms(message, maySee)),
    ask: (question) => listener.send('stdin', routing, question),
  };
}

/** Requests with code or data in them; others ask questions. */
const LARGE_TYPES = ['execute_request', 'comm_open', 'comm_msg', 'debug_request'] as const;

/** True if a request of this client's identity is the parent. In plain text names are not verified, and every client is the owner. */
const isBy = ({ identity, server }: ClientGrant, parent: ParentHeader): boolean =>
  server === undefined || identity === parent.username;

const isShownOnIopub = ({ header, content }: Message): boolean =>
  header.msg_type === 'execute_request' ? content['silent'] !== true : isCommType(header.msg_type);

/** Nothing was run, so there is no traceback. */
const refusal = (evalue: string): JsonObject => ({ status: 'error', ename: NOT_PERMITTED, evalue, traceback: [] });

/**
 * The first message for a subscriber, from which on it misses nothing (JEP 65). Undefined for a topic that is no
 * text, which no Jupyter client subscribes to and no message could name.
 */
function welcomeMessage(origin: MessageOrigin, topic: Uint8Array): Message | undefined {
  try {
    const subscription = new TextDecoder('utf-8', { fatal: true }).decode(topic);
    return createMessage(origin, 'iopub_welcome', { subscription });
  } catch {
    return undefined;
  }
}

/** A `comm_info_reply` without the comms of targets that its receiver may not see; any other message as it is. */
function withVisibleComms(message: Message, maySee: (target: string) => boolean): Message {
  const { comms } = message.content;
  if (message.header.msg_type !== 'comm_info_reply' || !isJsonObject(comms)) return message;
  const visible = Object.entries(comms).filter(([, comm]) => {
    const target = isJsonObject(comm) ? comm['target_name'] : undefined;
    return typeof target === 'string' && maySee(target);
  });
  return { ...message, content: { ...message.content, comms: Object.fromEntries(visible) } };
}

/** The line that tells a client on stderr what it does not get. */
function describeLoss(loss: OutputLoss): string {
  if (loss.kind === 'left-out') {
    const seconds = Math.round(loss.milliseconds / 1_000);
    return `[jupyter-curve] A client that uses the same connection as this one has read nothing for ${seconds} s. It gets no output until it reads again.\n`;
  }
  const { messages, bytes } = loss;
  const count = messages === 1 ? '1 message' : `${messages} messages`;
  return `[jupyter-curve] ${count} of output (${inUnits(bytes)}) are missing here: this client reads more slowly than the cell writes, and its queue was full. Print or show less at a time.\n`;
}

const inUnits = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** The act of sending `message`. `own`: a request of the same identity runs. */
function sendAct(channel: RequestChannel, { header }: Message, own: boolean, commTarget: string | undefined): SendAct {
  return definedOnly({ kind: 'send' as const, channel, msgType: header.msg_type, own, commTarget });
}

/** The act of seeing `message`, which belongs to these groups, on iopub. `own`: a request of the same identity caused it. */
function seeAct({ header }: Message, own: boolean, groups: Groups, commTarget?: string): SeeAct {
  return definedOnly({ kind: 'see' as const, msgType: header.msg_type, own, groups, commTarget });
}
