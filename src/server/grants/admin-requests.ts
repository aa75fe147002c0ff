import { encodeRefusal, encodeUnsaved } from '../../access/requests/access-refusal.js';
import { ACCESS_REQUESTS, type AccessRequest } from '../../access/requests/access-requests.js';
import { describeRefusal } from '../../access/policy/decide.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { JsonObject } from '../../protocol/message.js';
import type { Request } from '../backend.js';
import { errorContent } from '../messages/error-report.js';
import type { ServerState } from '../server-state.js';
import type { ClientGrant } from './client-grant.js';
import type { Actor } from './grant-manager.js';
import type { KernelAccess } from './kernel-access.js';

/** The access that administrative requests are about, and the grant that sent them. */
export interface AdminScope extends Pick<ServerState, 'rules' | 'journal'> {
  readonly access: KernelAccess;
  readonly grant: ClientGrant;
}

/** Does what a request asks for, and makes the content of the reply. */
type Perform = (content: JsonObject, scope: AdminScope) => Promise<JsonObject>;

/**
 * Performs an administrative request (`curve_…_request`, on control) that its sender may make, and makes the content of the
 * reply. An error is a reply whose `ename` is the error's code, or `NotPermitted`.
 */
export async function administrate({ message, channel }: Request, scope: AdminScope): Promise<JsonObject> {
  const { grant, rules, journal } = scope;
  const { msg_type: type } = message.header;
  const verb = VERBS.get(type);
  if (!verb) {
    return errorContent({ ename: 'UnknownRequest', evalue: `This kernel has no ${type}.`, traceback: [] });
  }
  try {
    const access = scope.access.actAs(actorOf(grant, type, rules));
    const reply = await verb.perform(message.content, { ...scope, access });
    if (!verb.changes) journal.about(grant, { event: 'admin', channel, type });
    return { status: 'ok', ...reply, ...(verb.saves && encodeUnsaved(access.unsaved)) };
  } catch (error) {
    const isUsage = !isCurveKernelError(error) || error.code === 'usage';
    journal.deny(grant, { channel, type, rule: isUsage ? 'the request makes no sense' : error.message });
    if (isCurveKernelError(error)) return encodeRefusal(error);
    throw error;
  }
}

/** The sender of a request: its right to this request is checked again when the request has waited. */
function actorOf(grant: ClientGrant, msgType: string, rules: ServerState['rules']): Actor {
  return {
    get subject() {
      return grant.subject;
    },
    check() {
      const act = { kind: 'send', channel: 'control', msgType } as const;
      const decision = rules.decide(grant.subject, act);
      if (!grant.ended && decision.allowed) return;
      throw new CurveKernelError('not-permitted', describeRefusal(grant.subject, act, decision), {
        hint: 'The right was taken away while the request was being worked on.',
      });
    },
  };
}

interface Verb {
  readonly perform: Perform;
  /** The journal has an event of the change itself. */
  readonly changes: boolean;
  /** The reply says whether the state is saved for a restart. */
  readonly saves: boolean;
}

const CHANGE = { changes: true, saves: true };
const LOOK = { changes: false, saves: false };

const VERBS: ReadonlyMap<string, Verb> = new Map([
  performs(ACCESS_REQUESTS.grant, CHANGE, async (request, { access }) => access.grant(request)),
  performs(ACCESS_REQUESTS.revoke, CHANGE, async (filter, { access }) => access.revoke(filter)),
  performs(ACCESS_REQUESTS.rotate, CHANGE, async ({ name, ...options }, { access }) => access.rotate(name, options)),
  performs(ACCESS_REQUESTS.role, CHANGE, async (change, { access }) => {
    await access.setRoles(change.name, change.roles);
    return change;
  }),
  performs(ACCESS_REQUESTS.topic, CHANGE, async ({ topic, visibility = 'private' }, { access }) =>
    topic === undefined ? access.privateTopics() : access.setTopic(topic, visibility),
  ),
  performs(ACCESS_REQUESTS.clients, LOOK, async (_, { access }) => access.clients()),
  performs(ACCESS_REQUESTS.can, LOOK, async ({ name, act }, { access }) => access.can(name, act)),
  performs(ACCESS_REQUESTS.policy, { changes: false, saves: true }, async (_, { access, rules }) => {
    const roles = await access.reloadPolicy();
    return { source: rules.source, roles };
  }),
  performs(ACCESS_REQUESTS.watch, LOOK, async (watch, { grant }) => (grant.isWatching = watch)),
]);

function performs<Question, Answer>(
  { msgType, decode, encodeReply }: AccessRequest<Question, Answer>,
  flags: Omit<Verb, 'perform'>,
  handle: (question: Question, scope: AdminScope) => Promise<Answer>,
): [string, Verb] {
  return [msgType, { ...flags, perform: async (content, scope) => encodeReply(await handle(decode(content), scope)) }];
}
