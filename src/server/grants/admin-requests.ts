import type { Act } from '../../access/policy/act.js';
import { parseAct } from '../../access/policy/parse-act.js';
import { describeRefusal, NOT_PERMITTED } from '../../access/policy/refusal.js';
import { formatConnectionInfo } from '../../connection/write-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { Json, JsonObject } from '../../protocol/message.js';
import type { Request } from '../backend.js';
import { flagField, integerField, textField } from '../messages/request-content.js';
import type { ClientGrant } from './client-grant.js';
import { clientOnWire, grantOnWire } from './grant-info.js';
import type { Actor } from './grant-manager.js';
import type { Journal } from '../audit/journal.js';
import type { Granted, KernelAccess } from './kernel-access.js';
import type { Rules } from '../rules/rules.js';

/** What an administrative request is about, and who sent it. */
export interface AdminScope {
  readonly access: KernelAccess;
  readonly rules: Rules;
  readonly journal: Journal;
  readonly grant: ClientGrant;
}

interface AdminRequest extends AdminScope {
  readonly content: JsonObject;
  readonly actor: Actor;
}

type Verb = (request: AdminRequest) => JsonObject | Promise<JsonObject>;

/**
 * Does what an administrative request (`curve_…_request`, on control) asks for, which its sender may, and makes the content of the
 * reply. Never throws: an error is a reply whose `ename` is the error's code, or `NotPermitted`.
 */
export async function administrate({ message, channel }: Request, scope: AdminScope): Promise<JsonObject> {
  const { access, grant, rules, journal } = scope;
  const { content } = message;
  const { msg_type: type } = message.header;
  const verb = VERBS.get(type);
  if (!verb) return failure('UnknownRequest', `this kernel has no ${type}`);
  try {
    const reply = await verb({ ...scope, content, actor: actorOf(grant, type, rules) });
    // What changes something tells of it with what it changed.
    if (UNCHANGING.has(type)) journal.about(grant, { event: 'admin', channel, type });
    return { status: 'ok', ...reply, ...(CHANGING.has(type) && savedOnWire(await access.kept())) };
  } catch (error) {
    const rule = isCurveKernelError(error) ? error.message : 'the request makes no sense';
    journal.deny(grant, { channel, type, rule });
    if (isCurveKernelError(error)) {
      const ename = error.code === 'not-permitted' ? NOT_PERMITTED : error.code;
      return failure(ename, error.message, [`hint: ${error.hint}`]);
    }
    if (error instanceof TypeError) return failure('usage', error.message);
    throw error;
  }
}

function actorOf(grant: ClientGrant, msgType: string, rules: Rules): Actor {
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

const UNCHANGING: ReadonlySet<string> = new Set([
  'curve_clients_request',
  'curve_can_request',
  'curve_policy_request',
  'curve_watch_request',
]);

/** Those whose reply says whether what was changed is saved for a restart. */
const CHANGING: ReadonlySet<string> = new Set([
  'curve_grant_request',
  'curve_revoke_request',
  'curve_rotate_request',
  'curve_role_request',
  'curve_topic_request',
  'curve_policy_request',
]);

function savedOnWire(unsaved: CurveKernelError | undefined): JsonObject {
  if (unsaved === undefined) return { saved: true };
  const { message, hint, data } = unsaved;
  return { saved: false, unsaved: { message, hint, restart: String(data['restart']) } };
}

const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  [
    'curve_grant_request',
    async ({ content, access, actor }) => {
      const publicKey = optionalText(content, 'public_key');
      const seconds = integerField(content, 'expires_in');
      const from = optionalTexts(content, 'from');
      return grantedOnWire(
        await access.grant(
          {
            name: textField(content, 'name'),
            roles: optionalTexts(content, 'roles') ?? [],
            ...(publicKey !== undefined && { publicKey }),
            ...(seconds !== undefined && { expiresIn: seconds * 1000 }),
            ...(from && { from }),
          },
          actor,
        ),
      );
    },
  ],
  [
    'curve_revoke_request',
    async ({ content, access, actor }) => {
      const [name, key, id] = ['name', 'key', 'id'].map((field) => optionalText(content, field));
      const allBefore = optionalText(content, 'all_before');
      if ([name, key, id, allBefore].every((one) => one === undefined)) {
        throw new TypeError('one of name, key, id and all_before is wanted');
      }
      const revoked = await access.revoke(
        {
          ...(name !== undefined && { name }),
          ...(key !== undefined && { key }),
          ...(id !== undefined && { id }),
          ...(allBefore !== undefined && { allBefore }),
          letFinish: flagField(content, 'let_finish', false),
        },
        actor,
      );
      return { revoked: revoked.map(grantOnWire) };
    },
  ],
  [
    'curve_rotate_request',
    async ({ content, access, actor }) => {
      const publicKey = optionalText(content, 'public_key');
      const seconds = integerField(content, 'overlap');
      const options = {
        ...(publicKey !== undefined && { publicKey }),
        ...(seconds !== undefined && { overlap: seconds * 1000 }),
      };
      return grantedOnWire(await access.rotate(textField(content, 'name'), options, actor));
    },
  ],
  [
    'curve_role_request',
    ({ content, access, actor }) => {
      const name = textField(content, 'name');
      const roles = optionalTexts(content, 'roles') ?? [];
      access.setRoles(name, roles, actor);
      return { name, roles };
    },
  ],
  [
    'curve_topic_request',
    ({ content, access, actor }) => {
      const topic = optionalText(content, 'topic');
      if (topic !== undefined) access.setTopic(topic, flagField(content, 'private', true), actor);
      return { private_topics: access.privateTopics };
    },
  ],
  ['curve_clients_request', ({ access }) => ({ clients: access.clients().map(clientOnWire) })],
  [
    'curve_can_request',
    ({ content, access }) => {
      const { allowed, rule, missing } = access.can(textField(content, 'name'), readAct(textField(content, 'act')));
      return { allowed, rule, ...(missing !== undefined && { missing }) };
    },
  ],
  [
    'curve_policy_request',
    async ({ access, rules }) => {
      await access.reload();
      return { source: rules.source, roles: access.roles };
    },
  ],
  [
    'curve_watch_request',
    ({ content, grant }) => {
      grant.isWatching = flagField(content, 'watch', true);
      return { watch: grant.isWatching };
    },
  ],
]);

/** `see iopub.stream` and `comm TARGET` beside the words of {@link parseAct}. */
function readAct(text: string): Act {
  const [, seen] = /^see (?:iopub\.)?(.*)$/.exec(text) ?? [];
  const [, target] = /^comm (\S+)$/.exec(text) ?? [];
  return parseAct(seen !== undefined ? `iopub.${seen}` : target !== undefined ? `comm_open comm=${target}` : text);
}

const grantedOnWire = ({ grant, connection }: Granted): JsonObject => ({
  grant: grantOnWire(grant),
  connection: JSON.parse(formatConnectionInfo(connection)),
});

function optionalText(content: JsonObject, name: string): string | undefined {
  return (content[name] ?? undefined) === undefined ? undefined : textField(content, name);
}

function optionalTexts(content: JsonObject, name: string): readonly string[] | undefined {
  const value: Json = content[name] ?? null;
  if (value === null) return undefined;
  const list: readonly Json[] = Array.isArray(value) ? value : [value];
  if (list.every((entry): entry is string => typeof entry === 'string')) return list;
  throw new TypeError(`the field ${name} should be a list of texts`);
}

function failure(ename: string, evalue: string, traceback: readonly string[] = []): JsonObject {
  return { status: 'error', ename, evalue, traceback };
}
