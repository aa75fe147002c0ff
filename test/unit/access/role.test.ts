/** Every built-in role × channel × message type × {send, see}, against a table written by hand. */
import { describe, expect, test } from '@jest/globals';
import type { RequestChannel } from '#src/protocol/message.js';
import type { Act } from '#src/access/policy/act.js';
import { createDecider } from '#src/access/policy/decide.js';
import { DEFAULT_POLICY } from '#src/access/policy/policy.js';

const decider = createDecider(DEFAULT_POLICY);
const ROLES = ['owner', 'admin', 'executor', 'observer'] as const;

/** O: owner, A: admin, E: executor, e: executor for its own request, V: observer. */
const SEND: Readonly<Record<string, Readonly<Record<RequestChannel, string>>>> = {
  execute_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  inspect_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  complete_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  history_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  is_complete_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  connect_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  comm_info_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  kernel_info_request: { shell: 'OAEV', control: 'OAEV', stdin: 'OAE' },
  comm_open: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  comm_msg: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  comm_close: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  // What belongs on control needs the right to control, wherever it is sent: kernels take it on shell as well.
  shutdown_request: { shell: 'OA', control: 'OA', stdin: 'OA' },
  interrupt_request: { shell: 'OAe', control: 'OAe', stdin: 'OAe' },
  debug_request: { shell: 'OA', control: 'OA', stdin: 'OA' },
  usage_request: { shell: 'OA', control: 'OA', stdin: 'OA' },
  create_subshell_request: { shell: 'OAE', control: 'OAE', stdin: 'OAE' },
  delete_subshell_request: { shell: 'OAE', control: 'OAE', stdin: 'OAE' },
  list_subshell_request: { shell: 'OAE', control: 'OAE', stdin: 'OAE' },
  input_reply: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  curve_grant_request: { shell: '', control: 'OA', stdin: '' },
  curve_revoke_request: { shell: '', control: 'OA', stdin: '' },
  curve_rotate_request: { shell: '', control: 'OA', stdin: '' },
  curve_role_request: { shell: '', control: 'OA', stdin: '' },
  curve_topic_request: { shell: '', control: 'OA', stdin: '' },
  curve_clients_request: { shell: '', control: 'OA', stdin: '' },
  curve_can_request: { shell: '', control: 'OA', stdin: '' },
  curve_policy_request: { shell: '', control: 'OA', stdin: '' },
  // Nobody's: known to no protocol, so a wildcard is needed.
  made_up_request: { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  curve_made_up_request: { shell: '', control: 'OA', stdin: '' },
  '': { shell: 'OAE', control: 'OA', stdin: 'OAE' },
  // Known ones in odd dress: nobody may.
  EXECUTE_REQUEST: { shell: '', control: '', stdin: '' },
  Kernel_info_request: { shell: '', control: '', stdin: '' },
  'execute_request ': { shell: '', control: '', stdin: '' },
  'execute_request\0': { shell: '', control: '', stdin: '' },
  ｅxecute_request: { shell: '', control: '', stdin: '' },
  'execute\u200b_request': { shell: '', control: '', stdin: '' },
  CURVE_GRANT_REQUEST: { shell: '', control: '', stdin: '' },
  Comm_open: { shell: '', control: '', stdin: '' },
  [`${'x'.repeat(200)}_request`]: { shell: '', control: '', stdin: '' },
};

const SEE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['stream', 'display_data', 'update_display_data', 'execute_input', 'execute_result', 'error', 'status'].map(
      (msgType) => [msgType, 'OAEV'],
    ),
  ),
  clear_output: 'OAEV',
  debug_event: 'OAEV',
  iopub_welcome: 'OAEV',
  shutdown_reply: 'OAEV',
  made_up: 'OAEV',
  comm_open: 'OAE',
  comm_msg: 'OAE',
  comm_close: 'OAE',
  STREAM: '',
  'status ': '',
};

const LETTERS = { owner: 'O', admin: 'A', executor: 'E', observer: 'V' } as const;

describe.each(ROLES)('%s', (role) => {
  const subject = { name: 'alice', roles: [role] };
  const letter = LETTERS[role];

  test.each(Object.keys(SEND))('may send %j where the table says so', (msgType) => {
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      for (const own of [false, true]) {
        const cell = SEND[msgType]?.[channel] ?? '';
        const wanted = cell.includes(letter) || (own && cell.includes(letter.toLowerCase()));
        const act = { kind: 'send', channel, msgType, own, commTarget: 'jupyter.widget' } as const;
        expect([channel, own, decider.decide(subject, act).allowed]).toEqual([channel, own, wanted]);
      }
    }
  });

  test.each(Object.keys(SEE))('may see %j where the table says so', (msgType) => {
    for (const own of [false, true]) {
      const act = { kind: 'see', msgType, own, groups: [], commTarget: 'jupyter.widget' } as const;
      expect([own, decider.decide(subject, act).allowed]).toEqual([own, SEE[msgType]?.includes(letter)]);
    }
  });

  test('may not send on iopub, whatever it is', () => {
    const act: Act = JSON.parse('{"kind":"send","channel":"iopub","msgType":"execute_request"}');
    expect(decider.decide(subject, act).allowed).toBe(false);
  });
});

describe('nobody', () => {
  const acts = [
    ...Object.keys(SEND).flatMap((msgType) =>
      (['shell', 'control', 'stdin'] as const).map(
        (channel) => ({ kind: 'send', channel, msgType, own: true }) as const,
      ),
    ),
    ...Object.keys(SEE).map((msgType) => ({ kind: 'see', msgType, own: true }) as const),
  ];

  test.each([
    ['without a role', []],
    ['with a role that does not exist', ['wizard']],
    ['with one that does not exist beside one that does', ['owner', 'wizard']],
    ['with two in one word', ['owner,admin']],
    ['with one in odd case', ['Owner']],
    ['with a name that every object has', ['__proto__']],
    ['with another such name', ['constructor']],
  ])('%s may anything', (_, roles) => {
    createDecider(DEFAULT_POLICY);
    decider.decide({ name: 'alice', roles: ['owner', 'admin'] }, { kind: 'see', msgType: 'stream', own: false });
    for (const act of acts) {
      const decision = decider.decide({ name: 'alice', roles }, act);
      expect(decision.allowed).toBe(false);
      expect(decision.missing).toMatch(/^(shell|control|stdin|iopub)\./);
    }
  });
});
