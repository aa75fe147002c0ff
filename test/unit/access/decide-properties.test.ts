/** What holds for any policy and any act. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createDecider } from '#src/access/policy/decide.js';
import type { Role } from '#src/access/policy/role.js';
import { allows, NOTHING, policyOf } from '../../support/policy-of.js';

const half = fc.stringMatching(/^[a-z_*]{1,12}$/);
const pattern = fc
  .tuple(fc.constantFrom('', '!'), fc.constantFrom('*', 'shell', 'control', 's*'), half, fc.constantFrom('', ' own'))
  .map(([deny, channel, type, own]) => `${deny}${channel}.${type}${own}`);
const msgType = fc.oneof(half, fc.constantFrom('execute_request', 'comm_msg', 'curve_grant_request'), fc.string());
const act = fc.record({
  kind: fc.constant('send' as const),
  channel: fc.constantFrom('shell' as const, 'control' as const, 'stdin' as const),
  msgType,
  own: fc.boolean(),
  commTarget: fc.string(),
});

const roleOf = (name: string, send: readonly string[]): Role => ({ ...NOTHING, name, send, comms: ['*'] });

describe('for any policy and act', () => {
  const usable = pattern.filter((text) => allowsToCompile(text));

  test('another deny, in the role or in one more, allows nothing that was not', () => {
    fc.assert(
      fc.property(fc.array(usable), usable, act, (patterns, more, one) => {
        const deny = `!${more.replace(/^!/, '')}`;
        const before = policyOf({ a: roleOf('a', patterns), none: {} });
        const after = policyOf({
          a: roleOf('a', [...patterns, deny]),
          b: roleOf('b', patterns),
          none: roleOf('none', [deny]),
        });
        if (!allows(before, ['a'], one)) {
          expect(allows(after, ['a'], one)).toBe(false);
          expect(allows(after, ['b', 'none'], one)).toBe(false);
        }
      }),
    );
  });

  test('roles in another order, or twice, decide the same', () => {
    fc.assert(
      fc.property(fc.array(usable), fc.array(usable), act, (first, second, one) => {
        const policy = policyOf({ a: roleOf('a', first), b: roleOf('b', second) });
        expect(allows(policy, ['b', 'a', 'b'], one)).toBe(allows(policy, ['a', 'b'], one));
      }),
    );
  });

  test('a private group more shows nothing that was hidden', () => {
    const group = fc.constantFrom('a', 'b', 'kernel', 'comm:x');
    fc.assert(
      fc.property(fc.array(group), group, fc.array(group), fc.array(group), (closed, more, groups, readable) => {
        const role = { see: ['iopub.*'], comms: ['*'], groups: readable };
        const see = { kind: 'see', msgType: 'comm_msg', own: false, groups, commTarget: 'x' } as const;
        if (!allows(policyOf({ role }, closed), ['role'], see)) {
          expect(allows(policyOf({ role }, [...closed, more]), ['role'], see)).toBe(false);
        }
      }),
    );
  });

  test('nothing that comes off a wire makes it throw', () => {
    const decider = createDecider(policyOf({}, ['a']));
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string(),
        (roles, type, target) => {
          const subject = { name: '', roles: [...roles, 'executor'] };
          for (const channel of ['shell', 'control', 'stdin'] as const) {
            decider.decide(subject, { kind: 'send', channel, msgType: type, commTarget: target });
          }
          decider.decide(subject, { kind: 'see', msgType: type, own: false, groups: [target] });
        },
      ),
    );
  });
});

function allowsToCompile(text: string): boolean {
  try {
    createDecider(policyOf({ a: { send: [text] } }));
    return true;
  } catch {
    return false;
  }
}
