import { describe, expect, test } from '@jest/globals';
import type { Act } from '#src/access/policy/act.js';
import { createDecider, describeRefusal } from '#src/access/policy/decide.js';
import { parseAct } from '#src/access/policy/parse-act.js';
import { DEFAULT_POLICY } from '#src/access/policy/policy.js';
import type { Role } from '#src/access/policy/role.js';
import { allows, decide, NOTHING, policyOf } from '../../support/policy-of.js';

describe('rights', () => {
  test('of several roles add up', () => {
    const policy = policyOf({ a: { send: ['shell.execute_request'] }, b: { see: ['iopub.stream'] } });
    expect(allows(policy, ['a'], 'iopub.stream')).toBe(false);
    expect(allows(policy, ['b'], 'shell.execute_request')).toBe(false);
    expect(allows(policy, ['a', 'b'], 'iopub.stream')).toBe(true);
    expect(allows(policy, ['b', 'a'], 'shell.execute_request')).toBe(true);
  });

  test('that one role denies are denied, whatever another allows and in whatever order', () => {
    const policy = policyOf({ quiet: { send: ['!*.execute_*'], see: ['!iopub.stream'], comms: ['!bank'] } });
    for (const roles of [
      ['owner', 'quiet'],
      ['quiet', 'owner'],
    ]) {
      expect(decide(policy, roles, 'shell.execute_request')).toEqual({
        allowed: false,
        rule: 'quiet: !*.execute_*',
        missing: 'shell.execute_request',
      });
      expect(allows(policy, roles, 'iopub.stream own')).toBe(false);
      expect(allows(policy, roles, 'shell.complete_request')).toBe(true);
      expect(allows(policy, roles, 'shell.comm_open comm=bank')).toBe(false);
      expect(allows(policy, roles, 'iopub.comm_msg comm=bank')).toBe(false);
      expect(allows(policy, roles, 'iopub.comm_msg comm=banker')).toBe(true);
    }
  });

  test('for own requests end with the own requests', () => {
    const policy = policyOf({ own: { send: ['control.interrupt_request own'], see: ['iopub.* own', 'iopub.status'] } });
    expect(allows(policy, ['own'], 'control.interrupt_request own')).toBe(true);
    expect(allows(policy, ['own'], 'control.interrupt_request')).toBe(false);
    expect(allows(policy, ['own'], { kind: 'send', channel: 'control', msgType: 'interrupt_request' })).toBe(false);
    expect(allows(policy, ['own'], 'iopub.stream own')).toBe(true);
    expect(allows(policy, ['own'], 'iopub.stream')).toBe(false);
    expect(allows(policy, ['own'], 'iopub.status')).toBe(true);
  });

  test('to administer are given only by patterns that spell them out, and denied by any that fits', () => {
    const policy = policyOf({
      wide: { send: ['*.*', 'control.*', '*.c*', 'control.*_request'] },
      clerk: { send: ['control.curve_clients_request'] },
      strict: { send: ['!control.*'] },
    });
    expect(allows(policy, ['wide'], 'control.curve_grant_request')).toBe(false);
    expect(allows(policy, ['wide'], 'control.debug_request')).toBe(true);
    expect(allows(policy, ['clerk'], 'control.curve_clients_request')).toBe(true);
    expect(allows(policy, ['clerk'], 'control.curve_grant_request')).toBe(false);
    expect(allows(policy, ['owner', 'strict'], 'control.curve_grant_request')).toBe(false);
  });

  test('say why, in words for the client', () => {
    const subject = { name: 'bob', roles: ['observer'] };
    const act = parseAct('execute_request');
    const decision = decide(DEFAULT_POLICY, subject.roles, act);
    expect(decision).toEqual({ allowed: false, rule: 'no rule', missing: 'shell.execute_request' });
    expect(describeRefusal(subject, act, decision)).toBe('observer may not send shell.execute_request');
    expect(describeRefusal({ name: 'bob', roles: [] }, act, decision)).toBe('bob may not send shell.execute_request');
    expect(decide(DEFAULT_POLICY, ['executor'], act)).toEqual({ allowed: true, rule: 'executor: shell.*' });
  });

  test('are refused when a policy made by hand has a role that cannot be', () => {
    const bad: readonly Partial<Role>[] = [
      { send: ['execute_request'] },
      { send: ['iopub.stream'] },
      { send: ['heartbeat.*'] },
      { send: ['shell.EXECUTE_REQUEST'] },
      { send: ['shell.*  own'] },
      { send: ['shell.* mine'] },
      { send: ['!!shell.*'] },
      { send: [''] },
      { send: [`shell.${'x'.repeat(200)}`] },
      { see: ['shell.execute_reply'] },
      { comms: [' x'] },
      { groups: ['a\nb'] },
      { groups: ['!'] },
    ];
    for (const role of bad) expect(() => createDecider(policyOf({ bad: role }))).toThrow(TypeError);
    expect(() => createDecider(policyOf({ 'a,b': {} }))).toThrow(TypeError);
    const misnamed = new Map([['observer', { ...NOTHING, name: 'owner' }]]);
    expect(() => createDecider({ ...DEFAULT_POLICY, roles: misnamed })).toThrow(TypeError);
  });

  test('of a read-only role never run code, by name or by wildcard', () => {
    const running = ['shell.*', '*.*', 'shell.comm_msg', 'shell.comm_*', 'control.debug_request', 'shell.kernel_*'];
    running.push('shell.complete_request', 'shell.inspect_request', 'shell.execute_request', 'stdin.input_reply');
    for (const text of running) {
      expect(() => createDecider(policyOf({ reader: { readOnly: true, send: [text] } }))).toThrow(/read-only/);
      expect(() => createDecider(policyOf({ reader: { send: [text] } }))).not.toThrow();
      expect(() => createDecider(policyOf({ reader: { readOnly: true, send: [`!${text}`] } }))).not.toThrow();
    }
  });
});

describe('comm targets', () => {
  const policy = policyOf({
    some: { send: ['shell.comm_*'], see: ['iopub.*'], comms: ['jupyter.widget*', '!*.secret'] },
  });

  test.each([
    ['jupyter.widget', true],
    ['jupyter.widget.control', true],
    ['jupyter.widget.secret', false],
    ['Jupyter.widget', false],
    ['xjupyter.widget', false],
    ['', false],
  ])('%j are matched as a whole and in their case', (commTarget, allowed) => {
    for (const msgType of ['comm_open', 'comm_msg', 'comm_close']) {
      expect(allows(policy, ['some'], { kind: 'send', channel: 'shell', msgType, commTarget })).toBe(allowed);
      expect(allows(policy, ['some'], { kind: 'see', msgType, own: true, commTarget })).toBe(allowed);
    }
  });

  test('that are not known are for those who may use every target', () => {
    expect(allows(policy, ['some'], 'shell.comm_msg')).toBe(false);
    expect(allows(policy, ['executor'], 'shell.comm_msg')).toBe(true);
    expect(allows(policy, ['executor', 'some'], 'shell.comm_msg')).toBe(false);
    expect(decide(policy, ['some'], 'shell.comm_msg').missing).toBe('shell.comm_msg of an unknown comm');
  });

  test('want the message type as well: watching widgets is not driving them', () => {
    const watch = policyOf({ watcher: { readOnly: true, see: ['iopub.*'], comms: ['*'] } });
    expect(allows(watch, ['watcher'], 'iopub.comm_msg comm=jupyter.widget')).toBe(true);
    expect(allows(watch, ['watcher'], 'shell.comm_msg comm=jupyter.widget')).toBe(false);
  });
});

describe('groups', () => {
  const roles = { grader: { see: ['iopub.*'], groups: ['grades-*'] }, all: { see: ['iopub.*'], groups: ['*'] } };

  test('are public until they are private', () => {
    expect(allows(policyOf(roles), ['observer'], 'iopub.stream groups=grades-a')).toBe(true);
    const closed = policyOf(roles, ['grades-a']);
    expect(allows(closed, ['observer'], 'iopub.stream groups=grades-a')).toBe(false);
    expect(allows(closed, ['observer'], 'iopub.stream groups=grades-b')).toBe(true);
    expect(allows(closed, ['grader'], 'iopub.stream groups=grades-a')).toBe(true);
    expect(decide(closed, ['observer'], 'iopub.stream groups=x,grades-a').missing).toBe(
      'iopub.stream of group "grades-a"',
    );
  });

  test('hide an output unless every private one of them may be read, also from whoever caused it', () => {
    const closed = policyOf(roles, ['grades-a', 'salaries']);
    expect(allows(closed, ['grader'], 'iopub.stream own groups=grades-a,salaries')).toBe(false);
    expect(allows(closed, ['executor'], 'iopub.stream own groups=grades-a')).toBe(false);
    expect(allows(closed, ['owner'], 'iopub.stream groups=grades-a,salaries')).toBe(true);
    expect(allows(closed, ['all'], 'iopub.stream groups=grades-a,salaries')).toBe(true);
  });

  test('that cannot be read are shown to those who may read every group', () => {
    const act: Act = { kind: 'see', msgType: 'stream', own: true, groups: 'malformed' };
    const denied = policyOf({ ...roles, but: { groups: ['!salaries'] } });
    for (const role of ['executor', 'observer', 'grader']) expect(allows(denied, [role], act)).toBe(false);
    for (const role of ['owner', 'admin', 'all']) expect(allows(denied, [role], act)).toBe(true);
    expect(allows(denied, ['owner', 'but'], act)).toBe(false);
  });

  test('of comms hold in both directions', () => {
    const closed = policyOf({ teller: { groups: ['comm:bank'] } }, ['comm:bank']);
    for (const act of ['shell.comm_open comm=bank', 'iopub.comm_msg comm=bank', 'shell.comm_msg', 'iopub.comm_msg']) {
      expect([act, allows(closed, ['executor'], act)]).toEqual([act, false]);
      expect([act, allows(closed, ['owner'], act)]).toEqual([act, true]);
    }
    expect(allows(closed, ['executor', 'teller'], 'shell.comm_open comm=bank')).toBe(true);
    expect(allows(closed, ['executor'], 'shell.comm_open comm=other')).toBe(true);
  });

  test('kernel being private closes the kernel: nothing sent, nothing seen', () => {
    const closed = policyOf({ member: { groups: ['kernel'] } }, ['kernel']);
    const acts = ['shell.execute_request', 'shell.comm_open comm=x', 'stdin.input_reply', 'iopub.stream own'];
    for (const act of [...acts, 'control.interrupt_request own']) {
      expect([act, allows(closed, ['executor'], act)]).toEqual([act, false]);
      expect([act, allows(closed, ['executor', 'member'], act)]).toEqual([act, true]);
      expect([act, allows(policyOf({}), ['executor'], act)]).toEqual([act, true]);
    }
  });
});
