import { describe, expect, test } from '@jest/globals';
import { createDecider } from '#src/access/policy/decide.js';
import { parseAct } from '#src/access/policy/parse-act.js';
import { parsePolicy } from '#src/access/policy/policy-file.js';
import { BUILT_IN_ROLES } from '#src/access/policy/role.js';
import { policyFailure as failure, SOURCE } from '../../support/policy-failure.js';

const COURSE = `
# A course: students see each other's outputs but not the grades, graders see both.
roles:
  student:
    send: [shell.kernel_info_request, control.kernel_info_request, shell.is_complete_request]
    see: ['iopub.*', '!iopub.execute_input']
    read_only: true
  grader:
    send:
      - 'shell.*'
      - '!shell.history_request'
      - control.interrupt_request own
    see: ['*.*']
    comms: ['jupyter.widget*']
    groups: [grades]
anonymous: student
private: [grades, 'comm:bank']
reauth: 5s
tests:
  - role: student
    may: [iopub.stream, kernel_info_request, control.kernel_info_request]
    may_not: [execute_request, iopub.execute_input own, iopub.stream groups=grades, iopub.comm_msg comm=jupyter.widget]
  - roles: [student, grader]
    may: ['execute_request', 'iopub.stream groups=grades', 'shell.comm_open comm=jupyter.widget']
    may_not: [history_request, shutdown_request, interrupt_request, iopub.execute_input, comm_open comm=bank]
  - roles: []
    may_not: [kernel_info_request, iopub.status]
`;

describe('a policy file', () => {
  test('gives roles, who is anonymous, what is private, and when to look again', () => {
    const policy = parsePolicy(COURSE, SOURCE).policy;
    expect([...policy.roles.keys()]).toEqual(['owner', 'admin', 'executor', 'observer', 'student', 'grader']);
    expect(policy.roles.get('owner')).toEqual(BUILT_IN_ROLES.owner);
    expect(policy.roles.get('grader')).toEqual({
      name: 'grader',
      send: ['shell.*', '!shell.history_request', 'control.interrupt_request own'],
      see: ['*.*'],
      comms: ['jupyter.widget*'],
      groups: ['grades'],
      readOnly: false,
    });
    expect(policy).toMatchObject({ anonymous: 'student', reauthInterval: 5000 });
    expect([...policy.privateGroups]).toEqual(['grades', 'comm:bank']);
    const act = parseAct('control.interrupt_request own');
    expect(createDecider(policy).decide({ name: 'a', roles: ['grader'] }, act).allowed).toBe(true);
  });

  test('may be JSON, and may say nothing', () => {
    expect(parsePolicy('{"anonymous": "observer"}', SOURCE).policy.anonymous).toBe('observer');
    expect(parsePolicy('{}', SOURCE).policy).toMatchObject({ anonymous: 'deny' });
    expect(parsePolicy('\ufeff{"private": ["a"]}\r\n', SOURCE).policy.privateGroups.has('a')).toBe(true);
  });

  test('is named in errors, with line and field, and a hint', () => {
    const error = failure(
      'roles:\n  reviewer:\n    see: [iopub.*]\n    send:\n      - shell.*\n      - shel.execute_request\n',
    );
    expect(error.message).toBe(
      'Policy file course.yaml, line 6: roles.reviewer.send[1] cannot be used: ' +
        '"shel.execute_request" names no channel of this list, which are shell, control, stdin.',
    );
    expect(error.data).toEqual({ file: SOURCE, line: 6, field: 'roles.reviewer.send[1]' });
    expect(error.hint).toMatch(/goes by the policy before it/);
  });

  test.each([
    ['', 'is empty'],
    ['# nothing\n', 'is empty'],
    ['- a', 'is a list; a mapping is wanted'],
    ['42', 'is a number; a mapping is wanted'],
    ['roles:', 'line 1: roles is empty; a mapping is wanted'],
    ['rolls: {}', 'rolls is not known here; roles, anonymous, private, reauth, tests are'],
    ['roles:\n  a:\n    sends: []', 'line 3: roles.a.sends is not known here'],
    ['roles:\n  a:\n    send: shell.*', 'roles.a.send is text; a list is wanted'],
    ['roles:\n  a:\n    send: [1]', 'roles.a.send[0] is a number; text is wanted'],
    ['roles:\n  a:\n    read_only: "yes"', 'roles.a.read_only is text; true or false is wanted'],
    ['roles:\n  a:\n    read_only: yes', 'roles.a.read_only is text; true or false is wanted'],
    [
      'roles:\n  a:\n    read_only: true\n    send: [shell.*]',
      'line 4: roles.a.send[0] cannot be used: "shell.*" may run',
    ],
    ['roles:\n  owner: {}', 'roles.owner is built in'],
    ['roles:\n  observer:\n    send: [shell.*]', 'roles.observer is built in'],
    ['roles:\n  deny: {}', 'roles.deny is no name for a role'],
    ['roles:\n  A: {}', 'roles.A is no name for a role'],
    ['roles:\n  a,b: {}', 'is no name for a role'],
    ['roles:\n  __proto__: {send: [shell.*]}', 'roles.__proto__ is no name for a role'],
    ['roles:\n  1: {}', 'has a name that is not text'],
    ['roles:\n  ? [a]\n  : {}', 'has a name that is not text'],
    ['roles:\n  a: {}\n  a: {}', 'line 3: is not YAML: Map keys must be unique'],
    ['roles: {}\nroles: {}', 'Map keys must be unique'],
    ['__proto__: {anonymous: owner}', '__proto__ is not known here'],
    ['constructor: 1', 'constructor is not known here'],
    ['<<: {anonymous: observer}', '<< is not known here'],
    ['anonymous: owner', 'a client without a name cannot be owner'],
    ['anonymous: admin', 'a client without a name cannot be admin'],
    ['anonymous: wizard', '"wizard" is no role; owner, admin, executor, observer are'],
    ['anonymous: null', 'anonymous is empty; text is wanted'],
    ['private: [2024]', 'private[0] is a number; text is wanted'],
    ['private: ["*"]', 'private[0] cannot be used: "*" is no name for a group'],
    ['reauth: 30', 'reauth is a number; text is wanted'],
    ['reauth: 1ms', 'is not from one second to one day'],
    ['a: [', 'is not YAML'],
    ['anonymous: deny\n---\nanonymous: observer', 'is not YAML'],
    ['%YAML 1.1\n---\nanonymous: deny', 'YAML'],
    ['anonymous: "deny', 'is not YAML'],
    ['\tanonymous: deny', 'is not YAML'],
    ['roles:\n  a:\n    send: [!shell.x]', 'line 3: "!shell.x" tags a value'],
    ['roles:\n  a:\n    send:\n      - !shell.x', 'line 4: "!shell.x" tags a value'],
    ['roles:\n  a:\n    send:\n      - *.x', 'line 4: "*.x" refers to another value'],
    ['anonymous: !!js/function "x"', 'tags a value'],
    ['anonymous: !!str deny', 'tags a value'],
    ['anonymous: &a deny', '"&a" names a value'],
  ])('like %j is refused', (text, problem) => {
    const { message } = failure(text);
    expect(message).toContain(problem);
    expect(message).toMatch(/^Policy file course\.yaml[,:]/);
  });

  test('hints at quotation marks where YAML takes a pattern for something else', () => {
    expect(failure('roles:\n  a:\n    send: [*.x]').hint).toMatch(/in quotes/);
    expect(failure('roles:\n  a:\n    send: [!shell.x]').hint).toMatch(/in quotes/);
  });

  test('pollutes nothing', () => {
    failure(
      '__proto__: {polluted: true}\nroles: {__proto__: {polluted: true}, constructor: {prototype: {polluted: true}}}',
    );
    expect('polluted' in {}).toBe(false);
  });
});

const withTest = (lines: string): string =>
  `roles:\n  reader:\n    see: [iopub.status, iopub.my_own]\ntests:\n  - ${lines}\n`;

describe('the tests in a policy file', () => {
  test('refuse the policy when one fails, with its line and the rule that decided', () => {
    expect(failure(withTest('role: observer\n    may: [execute_request]')).message).toBe(
      'Policy file course.yaml, line 6: tests[0].may[0] fails: ' +
        'it says that observer may send shell.execute_request, and it is refused (no rule).',
    );
    expect(
      failure(withTest('role: executor\n    may_not:\n      - iopub.status\n      - execute_request')).message,
    ).toBe(
      'Policy file course.yaml, line 7: tests[0].may_not[0] fails: ' +
        'it says that executor may not see iopub.status, and it is allowed (executor: iopub.*).',
    );
    expect(() => parsePolicy(withTest('role: reader\n    may: [iopub.my_own]'), SOURCE)).not.toThrow();
  });

  test.each([
    ['role: wizard\n    may: [iopub.status]', '"wizard" is no role'],
    ['may: [iopub.status]', 'wants either role or roles'],
    ['role: owner\n    roles: [owner]\n    may: [iopub.status]', 'wants either role or roles'],
    ['role: owner', 'tests nothing'],
    ['role: owner\n    may: []', 'tests nothing'],
    ['role: owner\n    mayNot: [iopub.status]', 'mayNot is not known here'],
    ['role: observer\n    may_not: [shell.exeucte_request]', 'is neither a message of the protocol'],
    ['role: observer\n    may_not: [iopub.execute_request]', 'is neither a message of the protocol'],
    ['role: observer\n    may_not: [exeucte_request]', 'names no channel'],
    ['role: observer\n    may_not: ["shell.*"]', 'names no message'],
    ['role: observer\n    may_not: [shell.EXECUTE_REQUEST]', 'names no message'],
    ['role: observer\n    may_not: [shell.execute_request groups=a]', 'outputs have and requests have not'],
    ['role: observer\n    may_not: [iopub.stream groups=a groups=b]', 'twice'],
    ['role: observer\n    may_not: [iopub.stream groups=]', 'names no message'],
    ['role: observer\n    may_not: [iopub.stream colour=red]', 'neither comm= nor groups='],
    ['role: observer\n    may_not: [iopub.stream own own]', 'names no message'],
    ['- role: observer', 'is a list; a mapping is wanted'],
    ['observer', 'is text; a mapping is wanted'],
  ])('are refused when they prove nothing: %j', (lines, problem) => {
    expect(failure(withTest(lines)).message).toContain(problem);
  });
});
