import type { Subject } from '../../access/policy/decide.js';
import { groupsOf } from '../../access/policy/groups.js';
import { isAdminType, isCommType, MESSAGE_TYPES, printableType } from '../../access/policy/message-types.js';
import { describeRefusal, NOT_PERMITTED } from '../../access/policy/refusal.js';
import { withUsername } from '../../protocol/original-fields.js';
import { createMessage, type MessageOrigin } from '../../protocol/create-message.js';
import { encodeParts, withParent, type EncodedMessage } from '../../protocol/frames.js';
import type { Header, JsonObject, Message, ParentHeader } from '../../protocol/message.js';
import type { ReceivedMessage } from '../../transport/server/listener.js';
import type { MessageHeaders, OutputLoss } from '../../transport/server/publish-queue.js';
import type { SenderRights } from '../../transport/server/sender-rights.js';
import type { Backend, Request } from '../backend.js';
import { welcomeMessage } from './iopub-welcome.js';
import { answer, type Handler } from './reply.js';
import type { ClientGrant } from '../grants/client-grant.js';
import { createCommTargets } from './comm-targets.js';
import { createDisplayGroups } from './display-groups.js';
import type { Grants } from '../grants/grants.js';
import { describeLoss } from '../describe-loss.js';
import type { Journal } from '../audit/journal.js';
import { ACCESS_EVENT, seeAct, sendAct, WATCH_ACT } from './message-acts.js';
import type { Rules } from '../rules/rules.js';
import { seenByOthers } from './seen-parent.js';
import { withVisibleComms } from './visible-comms.js';

/** What a {@link Reception} works with. */
export interface ReceptionOptions {
  readonly origin: MessageOrigin;
  readonly grants: Grants;
  readonly rules: Rules;
  readonly journal: Journal;
  readonly backend: () => Backend;
  /** Answers administrative requests. */
  readonly administrate: (request: Request, grant: ClientGrant) => JsonObject | Promise<JsonObject>;
}

/** Stands between the listeners and the backend: who may send what, and who sees what. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #comms = createCommTargets();
  readonly #displays = createDisplayGroups();
  /** What everybody heard last about what the kernel does. */
  #publicState: Message | undefined;
  /** What each grant heard last about that: state and request. */
  readonly #lastState = new WeakMap<ClientGrant, string>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** Takes a message that arrived on the listener of `grant`. */
  receive(grant: ClientGrant, received: ReceivedMessage): void {
    const { backend, administrate } = this.#options;
    const request = this.#request(grant, received);
    const { header } = request.message;
    grant.lastRequest = { at: Date.now(), type: printableType(header.msg_type) };
    if (!request.isPermitted()) return;
    const { fault } = received;
    if (fault !== undefined) {
      this.#options.journal.deny(grant, { channel: request.channel, type: header.msg_type, rule: fault.code });
      return void this.#answer(grant, request, () => Promise.reject(fault));
    }
    this.#comms.note(request.message);
    if (request.channel === 'control' && isAdminType(header.msg_type)) {
      void this.#answer(grant, request, () => administrate(request, grant));
    } else {
      backend().receive(request);
    }
  }

  /** What a grant may send, as far as that is known before a message is read. */
  rightsOf(grant: ClientGrant): SenderRights {
    const { rules, backend } = this.#options;
    return {
      sendsLarge: () => this.#sendsLarge(grant.subject),
      maySend: (channel, { msg_type: msgType }) =>
        rules.maySend(grant.subject, { kind: 'send', channel, msgType, own: backend().isRunning(grant.identity) }),
    };
  }

  /** Sends on iopub to everybody who may see it. It is written once for who asked and once for others, and signed for those who listen. */
  publish(message: Message): void {
    const { grants } = this.#options;
    const { header, parent_header: parent } = message;
    const isStatus = header.msg_type === 'status';
    const isQuiet = isStatus && this.#cannotRun(parent);
    if (isStatus && !isQuiet) this.#publicState = message;
    const act = seeAct(message, false, this.#displays.of(message), this.#comms.of(message));
    let asSent: EncodedMessage | undefined;
    let forOthers: EncodedMessage | undefined;
    let othersHeads: MessageHeaders | undefined;
    let topic: Buffer | undefined;
    for (const grant of grants) {
      if (grant.listener?.hasSubscribers !== true) continue;
      const own = isBy(grant, parent);
      if (isQuiet && !own) continue;
      if (!this.#options.rules.decide(grant.subject, own ? { ...act, own } : act).allowed) continue;
      if (isStatus && !this.#isNews(grant, message)) continue;
      asSent ??= encodeParts(message);
      const encoded = own ? asSent : (forOthers ??= withParent(asSent, seenByOthers(parent)));
      const heads = own ? message : (othersHeads ??= { header, parent_header: seenByOthers(parent) });
      grant.listener.publishEncoded(encoded, (topic ??= Buffer.from(header.msg_type)), heads);
    }
    this.#comms.note(message);
  }

  /** Tells the clients of this grant alone that output did not reach them. */
  tellLoss(grant: ClientGrant, loss: OutputLoss): void {
    const content = { name: 'stderr', text: describeLoss(loss) };
    grant.listener?.publish(createMessage(this.#options.origin, 'stream', content, { parent: loss.parent }));
  }

  /** Greets a new subscription, unless none of the messages it is to can be seen by the grant. */
  welcome(grant: ClientGrant, topic: Uint8Array): void {
    const { origin, rules, journal } = this.#options;
    const message = welcomeMessage(origin, topic);
    if (message === undefined) return;
    const named = Buffer.from(topic).toString();
    const types = [...MESSAGE_TYPES.iopub, ACCESS_EVENT].filter((type) => type.startsWith(named));
    const may = (msgType: string): boolean =>
      rules.decide(
        grant.subject,
        msgType === ACCESS_EVENT ? WATCH_ACT : { kind: 'see', msgType, own: true, groups: [] },
      ).allowed;
    if ((types.length === 0 ? [named] : types).some(may)) return grant.listener?.publish(message, topic);
    journal.deny(grant, { channel: 'iopub', type: named === '' ? '*' : named, rule: 'no right to see any of it' });
  }

  #sendsLarge(subject: Subject): boolean {
    return LARGE_TYPES.some((msgType) =>
      (['shell', 'control'] as const).some((channel) =>
        this.#options.rules.maySend(subject, { kind: 'send', channel, msgType, own: true }),
      ),
    );
  }

  /**
   * The sender of the request may only ask. That the kernel is busy with an answer is told to nobody else: it would be a way to send
   * others as much as one likes.
   */
  #cannotRun({ username }: ParentHeader): boolean {
    for (const { identity, server, subject } of this.#options.grants) {
      if (identity === username && server) return !this.#sendsLarge(subject);
    }
    return false;
  }

  /** Whether a grant was told something else last. Takes note of it. */
  #isNews(grant: ClientGrant, { content, parent_header: parent }: Message): boolean {
    const state = JSON.stringify([content['execution_state'], parent.username, parent.msg_id]);
    if (this.#lastState.get(grant) === state) return false;
    this.#lastState.set(grant, state);
    return true;
  }

  #request(grant: ClientGrant, { channel, routing, message: sent, listener }: ReceivedMessage): Request {
    const message = grant.server ? { ...sent, header: withUsername(sent.header, grant.identity) } : sent;
    const { header } = message;
    const maySee = (commTarget: string): boolean =>
      this.#options.rules.decide(grant.subject, { kind: 'see', msgType: 'comm_msg', own: false, commTarget }).allowed;
    const request: Request = {
      channel,
      message,
      identity: grant.identity,
      grant: grant.id,
      client: `${grant.id}/${routing.map((id) => Buffer.from(id).toString('hex')).join('/')}`,
      reply: (answered) => listener.send(channel, routing, withVisibleComms(answered, maySee)),
      ask: (question) => listener.send('stdin', routing, question),
      isPermitted: () => this.#isPermitted(grant, request),
      maySee: ({ msgType, identity, metadata }) => {
        const act = {
          kind: 'see',
          msgType,
          own: identity === grant.identity,
          groups: groupsOf({ metadata, content: {} }),
        } as const;
        return this.#options.rules.decide(grant.subject, act).allowed;
      },
      disregard: () =>
        this.#options.journal.deny(grant, { channel, type: header.msg_type, rule: 'nobody asked for it' }),
    };
    return request;
  }

  #isPermitted(grant: ClientGrant, request: Request): boolean {
    const { rules, journal, backend } = this.#options;
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
        const shown = { ...content, traceback: [`${NOT_PERMITTED}: ${reason}`] };
        grant.listener?.publish(createMessage(this.#options.origin, 'error', shown, { parent: message.header }));
      }
      return content;
    });
    return false;
  }

  /** Answers with busy and idle that only the client who asked hears. */
  async #answer(grant: ClientGrant, request: Request, handle: Handler): Promise<void> {
    const { origin, rules } = this.#options;
    // It is told of its own request whatever it may see: it would wait for ever.
    const say = (execution_state: string, parent: ParentHeader): void => {
      const message = createMessage(origin, 'status', { execution_state }, { parent });
      if (!grant.ended && this.#isNews(grant, message)) grant.listener?.publish(message);
    };
    const begin = (header: Header): void => say('busy', header);
    const end = (header: Header): void => {
      say('idle', header);
      // Front ends show what they heard last, and code of somebody may be running.
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

/** Requests with code or data in them; others ask questions. */
const LARGE_TYPES = ['execute_request', 'comm_open', 'comm_msg', 'debug_request'] as const;

/** Whether a request of this client's identity is the parent. In plain text names are not verified, and everybody is the owner. */
const isBy = ({ identity, server }: ClientGrant, parent: ParentHeader): boolean =>
  server === undefined || identity === parent.username;

const isShownOnIopub = ({ header, content }: Message): boolean =>
  header.msg_type === 'execute_request' ? content['silent'] !== true : isCommType(header.msg_type);

/** Nothing was run, so there is no traceback. */
const refusal = (evalue: string): JsonObject => ({ status: 'error', ename: NOT_PERMITTED, evalue, traceback: [] });
