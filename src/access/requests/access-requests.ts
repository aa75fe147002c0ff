import {
  flagField,
  integerField,
  objectsIn,
  optionalTextField,
  textField,
  textIn,
  textsIn,
} from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';
import type { GrantRequest, IssuedGrant, RevokeFilter, RotateOptions, Visibility } from '../access.js';
import type { ClientInfo, GrantInfo } from '../grants/grant-info.js';
import type { AccessDecision } from '../policy/decide.js';
import { parsePointInTime } from '../policy/point-in-time.js';
import { orUsageError, usageError } from './access-refusal.js';
import {
  decodeClient,
  decodeGrant,
  decodeIssuedGrant,
  encodeClient,
  encodeGrant,
  encodeIssuedGrant,
  malformedReply,
} from './grant-content.js';
import { accessType, type AccessVerb } from './request-types.js';

/**
 * One request about access on the control channel, for both ends. Decoding a request throws `message-malformed` or `usage`, decoding a
 * reply `message-malformed`.
 */
export interface AccessRequest<Question, Answer> {
  readonly msgType: string;
  readonly encode: (question: Question) => JsonObject;
  readonly decode: (content: JsonObject) => Question;
  readonly encodeReply: (answer: Answer) => JsonObject;
  readonly decodeReply: (reply: JsonObject) => Answer | Promise<Answer>;
}

type RoleChange = Pick<GrantRequest, 'name' | 'roles'>;

/** Every request about access. */
export const ACCESS_REQUESTS = {
  grant: request<GrantRequest, IssuedGrant>('grant', {
    encode: ({ name, roles, publicKey, expiresIn, from }) =>
      definedOnly({ name, roles, public_key: publicKey, expires_in: inSeconds(expiresIn), from }),
    decode: (content) =>
      definedOnly({
        name: textField(content, 'name'),
        roles: listField(content, 'roles') ?? [],
        publicKey: optionalTextField(content, 'public_key'),
        expiresIn: inMilliseconds(integerField(content, 'expires_in')),
        from: listField(content, 'from'),
      }),
    encodeReply: encodeIssuedGrant,
    decodeReply: decodeIssuedGrant,
  }),
  revoke: request<RevokeFilter, readonly GrantInfo[]>('revoke', {
    encode: (filter) => {
      checkRevokeFilter(filter);
      const { name, key, id, allBefore, letFinish } = filter;
      return definedOnly({ name, key, id, all_before: allBefore?.toISOString(), let_finish: letFinish });
    },
    decode: (content) => {
      const before = optionalTextField(content, 'all_before');
      return definedOnly({
        name: optionalTextField(content, 'name'),
        key: optionalTextField(content, 'key'),
        id: optionalTextField(content, 'id'),
        allBefore: before === undefined ? undefined : new Date(orUsageError(() => parsePointInTime(before))),
        letFinish: flagField(content, 'let_finish', false),
      });
    },
    encodeReply: (revoked) => ({ revoked: revoked.map(encodeGrant) }),
    decodeReply: (reply) => objectsIn(reply['revoked']).map(decodeGrant),
  }),
  rotate: request<RotateOptions & { readonly name: string }, IssuedGrant>('rotate', {
    encode: ({ name, overlap, publicKey }) => definedOnly({ name, overlap: inSeconds(overlap), public_key: publicKey }),
    decode: (content) =>
      definedOnly({
        name: textField(content, 'name'),
        overlap: inMilliseconds(integerField(content, 'overlap')),
        publicKey: optionalTextField(content, 'public_key'),
      }),
    encodeReply: encodeIssuedGrant,
    decodeReply: decodeIssuedGrant,
  }),
  role: request<RoleChange, RoleChange>('role', {
    encode: ({ name, roles }) => ({ name, roles }),
    decode: (content) => ({ name: textField(content, 'name'), roles: listField(content, 'roles') ?? [] }),
    encodeReply: ({ name, roles }) => ({ name, roles }),
    decodeReply: (reply) => ({ name: textField(reply, 'name', malformedReply), roles: textsIn(reply['roles']) }),
  }),
  // Without a topic it lists.
  topic: request<{ readonly topic?: string; readonly visibility?: Visibility }, readonly string[]>('topic', {
    encode: ({ topic, visibility }) => (topic === undefined ? {} : { topic, private: visibility !== 'public' }),
    decode: (content) => {
      const topic = optionalTextField(content, 'topic');
      if (topic === undefined) return {};
      return { topic, visibility: flagField(content, 'private', true) ? 'private' : 'public' };
    },
    encodeReply: (topics) => ({ private_topics: topics }),
    decodeReply: (reply) => textsIn(reply['private_topics']),
  }),
  clients: request<object, readonly ClientInfo[]>('clients', {
    encode: () => ({}),
    decode: () => ({}),
    encodeReply: (clients) => ({ clients: clients.map(encodeClient) }),
    decodeReply: (reply) => objectsIn(reply['clients']).map(decodeClient),
  }),
  can: request<{ readonly name: string; readonly act: string }, AccessDecision>('can', {
    encode: ({ name, act }) => ({ name, act }),
    decode: (content) => ({ name: textField(content, 'name'), act: textField(content, 'act') }),
    encodeReply: ({ allowed, rule, missing }) => definedOnly({ allowed, rule, missing }),
    decodeReply: (reply) =>
      definedOnly({
        allowed: reply['allowed'] === true,
        rule: textField(reply, 'rule', malformedReply),
        missing: textIn(reply['missing']),
      }),
  }),
  policy: request<object, { readonly source: string; readonly roles: readonly string[] }>('policy', {
    encode: () => ({}),
    decode: () => ({}),
    encodeReply: ({ source, roles }) => ({ source, roles }),
    decodeReply: (reply) => ({ source: textIn(reply['source']) ?? '', roles: textsIn(reply['roles']) }),
  }),
  watch: request<boolean, boolean>('watch', {
    encode: (watch) => ({ watch }),
    decode: (content) => flagField(content, 'watch', true),
    encodeReply: (watch) => ({ watch }),
    decodeReply: (reply) => reply['watch'] === true,
  }),
} as const satisfies Record<AccessVerb, unknown>;

/** Throws `usage` for a filter without a field, and for a date that is none. */
export function checkRevokeFilter({ name, key, id, allBefore }: RevokeFilter): void {
  if ([name, key, id, allBefore].every((one) => one === undefined)) {
    throw usageError('One of name, key, id and all_before is wanted.');
  }
  if (Number.isNaN(allBefore?.getTime())) throw usageError('The date of all_before is invalid.');
}

function request<Question, Answer>(
  verb: AccessVerb,
  codec: Omit<AccessRequest<Question, Answer>, 'msgType'>,
): AccessRequest<Question, Answer> {
  return { msgType: accessType(verb), ...codec };
}

const inSeconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : Math.ceil(milliseconds / 1000);
const inMilliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;

/** A list of texts, or one text; undefined where the field is absent or null. @throws CurveKernelError 'usage' */
function listField(content: JsonObject, name: string): readonly string[] | undefined {
  const value = content[name] ?? undefined;
  if (value === undefined) return undefined;
  const texts = textsIn(Array.isArray(value) ? value : [value]);
  if (texts.length === (Array.isArray(value) ? value.length : 1)) return texts;
  throw usageError(`The field ${name} should be a list of texts.`);
}
