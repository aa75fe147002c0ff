/** Names, durations, moments, groups, grants: the words in which rights are given. */
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '#src/protocol/message.js';
import { createMessage } from '#src/protocol/create-message.js';
import { encodeZ85 } from '#src/keys/z85.js';
import { parseDuration } from '#src/access/grants/duration.js';
import { checkGrantTerms, type GrantTerms, subjectOf } from '#src/access/grants/grant.js';
import { checkGroupName, groupsOf } from '#src/access/policy/groups.js';
import { checkIdentityName } from '#src/access/grants/identity-name.js';
import { checkOwnership } from '#src/access/policy/ownership.js';
import { parsePointInTime } from '#src/access/policy/point-in-time.js';
import { DEFAULT_POLICY } from '#src/access/policy/policy.js';

describe('the name of an identity', () => {
  test.each(['a', 'owners', 'alice', 'Alice-2', 'alice@example.org', '7', 'x'.repeat(64)])('may be %j', (name) => {
    expect(checkIdentityName(name)).toBe(name);
  });

  test.each([
    '',
    ' ',
    '.alice',
    '-rf',
    '@a',
    'a b',
    'a/b',
    '..',
    'a\n',
    'a\0',
    'ällice',
    'аlice',
    'a:b',
    'a,b',
    'x'.repeat(65),
    'kernel',
    'Kernel',
    'owner',
    'OWNER',
    'anonymous',
    'all',
    'deny',
    null,
    undefined,
    7,
    ['alice'],
    { toString: () => 'alice' },
  ])('may not be %j', (name) => {
    expect(() => checkIdentityName(name)).toThrow(expect.objectContaining({ code: 'identity-invalid' }));
  });
});

describe('a duration', () => {
  test.each([
    ['1ms', 1],
    ['30s', 30_000],
    ['30m', 1_800_000],
    ['8h', 28_800_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s is %d milliseconds', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  test.each([
    '',
    '8',
    'h',
    '0s',
    '-1h',
    '1.5h',
    '8 h',
    '8H',
    '8h ',
    '1h30m',
    '1e3s',
    '٣h',
    '99999999d',
    `${'9'.repeat(400)}s`,
  ])('is not %j', (text) => expect(() => parseDuration(text)).toThrow(TypeError));
});

describe('a point in time', () => {
  test.each([
    ['2030-01-31', '2030-01-31T00:00:00.000Z'],
    ['2030-01-31T18:00Z', '2030-01-31T18:00:00.000Z'],
    ['2030-01-31T18:00:00.5Z', '2030-01-31T18:00:00.500Z'],
    ['2030-01-31T18:00:00+02:00', '2030-01-31T16:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, iso) => expect(new Date(parsePointInTime(text)).toISOString()).toBe(iso));

  test.each(
    [
      '',
      'now',
      '2030',
      '2030-1-1',
      '2030-01-31T18:00:00',
      '2030-02-30',
      '2029-02-29',
      '2030-13-01',
      '2030-01-31T25:00Z',
    ].concat(['01/31/2030', '2030-01-31Z', '1893456000', '2030-01-31T18:00:00+99:99', ' 2030-01-31']),
  )('is not %j', (text) => expect(() => parsePointInTime(text)).toThrow(TypeError));
});

describe('the groups of an output', () => {
  const origin = { session: 's', username: 'u' };
  const groups = (metadata: JsonObject, content: JsonObject = {}) =>
    groupsOf(createMessage(origin, 'display_data', content, { metadata }));

  test('are those in its metadata and in its content’s', () => {
    expect(groups({})).toEqual([]);
    expect(groups({ groups: ['a'] })).toEqual(['a']);
    expect(groups({}, { metadata: { groups: ['b', 'c d'] } })).toEqual(['b', 'c d']);
    expect(groups({ groups: ['a'] }, { metadata: { groups: ['b'] } })).toEqual(['a', 'b']);
    expect(groups({ groups: [] }, { metadata: null })).toEqual([]);
  });

  test.each([
    null,
    'a',
    1,
    true,
    {},
    { 0: 'a', length: 1 },
    [1],
    ['a', null],
    [['a']],
    [''],
    ['*'],
    [' a'],
    ['a\n'],
    ['!a'],
    ['x'.repeat(129)],
    Array.from({ length: 65 }, (_, i) => `g${i}`),
  ])('are malformed when they are %j', (value) => {
    expect(groups({ groups: value })).toBe('malformed');
    expect(groups({ groups: ['a'] }, { metadata: { groups: value } })).toBe('malformed');
  });

  test('have names that a policy can make private', () => {
    for (const name of ['a', 'grades 2024', 'comm:jupyter.widget', 'é']) expect(checkGroupName(name)).toBe(name);
    for (const name of ['', '*', 'a*', '!a', ' a', 'a ', 'a\u0000'])
      expect(() => checkGroupName(name)).toThrow(TypeError);
  });
});

const grant = (identity: string, roles: readonly string[], more: Partial<GrantTerms> = {}): GrantTerms => ({
  identity,
  roles,
  publicKey: encodeZ85(new Uint8Array(32).fill(identity.length)),
  issuedAt: '2030-01-01T00:00:00.000Z',
  origin: 'grant',
  ...more,
});
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('a grant', () => {
  test('can be given when the policy has its roles', () => {
    const full = { expiresAt: '2030-01-02T00:00:00Z', from: ['10.0.0.0/8'] };
    for (const terms of [grant('alice', ['observer']), grant('bob', ['owner', 'executor'], full)]) {
      expect(() => checkGrantTerms(terms, DEFAULT_POLICY)).not.toThrow();
    }
    expect(() =>
      checkGrantTerms(grant('anonymous', ['observer'], { origin: 'anonymous' }), DEFAULT_POLICY),
    ).not.toThrow();
  });

  test.each([
    [grant('kernel', ['observer']), 'identity-invalid'],
    [grant('anonymous', ['observer']), 'identity-invalid'],
    [grant('alice', ['observer'], { publicKey: 'x' }), 'key-invalid'],
    [grant('alice', []), 'grant-failed'],
    [grant('alice', ['wizard']), 'grant-failed'],
    [grant('alice', ['__proto__']), 'grant-failed'],
    [grant('alice', ['observer'], { expiresAt: '2030-01-01T00:00:00Z' }), 'grant-failed'],
    [grant('alice', ['observer'], { expiresAt: 'never' }), 'grant-failed'],
    [grant('alice', ['observer'], { from: [] }), 'grant-failed'],
    [grant('alice', ['observer'], { from: ['everywhere'] }), 'grant-failed'],
  ])('%j is refused: %s', (terms, wanted) => {
    expect(() => checkGrantTerms(terms, DEFAULT_POLICY)).toThrow(code(wanted));
  });

  test('adds its roles to those of the same name', () => {
    const grants = [grant('alice', ['observer']), grant('bob', ['owner']), grant('alice', ['executor', 'observer'])];
    expect(subjectOf('alice', grants)).toEqual({ name: 'alice', roles: ['observer', 'executor'] });
    expect(subjectOf('eve', grants)).toEqual({ name: 'eve', roles: [] });
  });
});

describe('a change of the grants', () => {
  const owner = grant('olga', ['owner']);
  const second = grant('otto', ['owner']);
  const admin = grant('ada', ['admin']);
  const student = grant('sam', ['executor']);
  const all = [owner, admin, student];
  const by = (name: string) => ({ name, roles: subjectOf(name, all).roles });

  test('by an owner is anything that leaves an owner', () => {
    for (const after of [[owner], [owner, second], [second], [owner, grant('sam', ['admin'])]]) {
      expect(() => checkOwnership(by('olga'), all, after)).not.toThrow();
    }
  });

  test('leaves an owner, whoever makes it, and one whose grant does not end', () => {
    const ending = grant('otto', ['owner'], { expiresAt: '2031-01-01T00:00:00Z' });
    for (const after of [[], [admin, student], [grant('olga', ['executor'])], [ending, admin]]) {
      expect(() => checkOwnership(by('olga'), all, after)).toThrow(code('last-owner'));
    }
    expect(() => checkOwnership(by('olga'), [ending], [])).toThrow(code('last-owner'));
  });

  test('by an admin touches no owner and makes none', () => {
    expect(() => checkOwnership(by('ada'), all, [owner, admin])).not.toThrow();
    expect(() => checkOwnership(by('ada'), all, [...all, grant('bob', ['admin'])])).not.toThrow();
    for (const after of [
      [admin, student],
      [...all, second],
      [owner, grant('ada', ['owner'])],
      [grant('olga', ['executor']), second],
      [grant('olga', ['owner'], { publicKey: 'another' }), admin],
      [grant('olga', ['owner'], { expiresAt: '2031-01-01T00:00:00Z' }), admin],
      // A key of their own for an owner's name: the roles of one name add up.
      [...all, grant('olga', ['observer'])],
    ]) {
      expect(() => checkOwnership(by('ada'), all, after)).toThrow(code('not-permitted'));
    }
  });

  test('by others touches no admin and gives no role that they do not hold, whatever right a policy gave them', () => {
    expect(() => checkOwnership(by('sam'), all, [...all, grant('bob', student.roles)])).not.toThrow();
    for (const after of [
      [...all, grant('bob', ['observer'])],
      [...all, grant('sam', ['observer'])],
      [owner, student],
      [...all, grant('bob', ['admin'])],
      [owner, admin, grant('sam', ['admin'])],
    ]) {
      expect(() => checkOwnership(by('sam'), all, after)).toThrow(code('not-permitted'));
    }
  });
});
