/**
 * The policy of the matrix, what is sent and shown in it, and, for part of it, who may send and see that, written down by hand: the oracle
 * is held against it. A letter is a role; where it stands, it may.
 */
import { MESSAGE_TYPES } from '#src/access/policy/message-types.js';
import type { Json, JsonObject, RequestChannel } from '#src/protocol/message.js';
import type { Facts } from './role-oracle.js';

export const POLICY = `
roles:
  reviewer:
    read_only: true
    send: ['*.kernel_info_request', shell.history_request, shell.is_complete_request, control.curve_clients_request]
    see: ['iopub.*', '!iopub.execute_input']
    groups: [salaries]
  loner:
    send: ['shell.*', '!shell.history_request', stdin.input_reply, control.kernel_info_request, 'control.interrupt_request own']
    see: ['iopub.* own']
    comms: ['plot*']
  quiet:
    send: [shell.execute_request, '*.kernel_info_request']
    see: [iopub.status, iopub.stream]
  nothing: {}
private: [salaries]
tests:
  - role: quiet
    may: [execute_request, iopub.stream]
    may_not: [complete_request, iopub.execute_result]
`;

export const ROLES = {
  O: 'owner',
  A: 'admin',
  E: 'executor',
  V: 'observer',
  R: 'reviewer',
  L: 'loner',
  Q: 'quiet',
  N: 'nothing',
} as const;
export type Letter = keyof typeof ROLES;
export const LETTERS = ['O', 'A', 'E', 'V', 'R', 'L', 'Q', 'N'] as const satisfies readonly Letter[];

export const CHANNELS: readonly RequestChannel[] = ['shell', 'control', 'stdin'];

/** One message that is sent on every channel by every role. */
export interface Probe {
  /** The type, and for comms whose. */
  readonly name: string;
  readonly msgType: string;
  readonly content: JsonObject;
  readonly facts: Facts;
  /** It only looks like a type of the protocol, and is nobody's. */
  readonly disguised: boolean;
  /** Who may send it, by channel; undefined where nobody wrote that down. */
  readonly may: Readonly<Record<RequestChannel, string>> | undefined;
}

const probe = (name: string, may?: readonly [string, string, string], content: JsonObject = {}): Probe => {
  const [msgType = name, target = ''] = name.split(' of ');
  return {
    name,
    msgType,
    content,
    facts: target === 'plot' || target === 'bank' ? { target } : {},
    disguised: may === NOBODY,
    may: may && { shell: may[0], control: may[1], stdin: may[2] },
  };
};
const NOBODY = ['', '', ''] as const;

const code = { code: '1', cursor_pos: 1, silent: true };
/** The comms of the cell that {@link SHOWING} opens, by target. */
const comm = (target: string, more: Json = {}): JsonObject => ({ comm_id: `${target}-comm`, data: more });
const ADMIN_ONLY = ['', 'OA', ''] as const;
const LIKE_EXECUTE = ['OAEL', 'OA', 'OAE'] as const;

const WRITTEN: readonly Probe[] = [
  probe('execute_request', ['OAELQ', 'OA', 'OAE'], code),
  probe('inspect_request', LIKE_EXECUTE, code),
  probe('complete_request', LIKE_EXECUTE, code),
  probe('connect_request', LIKE_EXECUTE),
  probe('comm_info_request', LIKE_EXECUTE),
  probe('history_request', ['OAER', 'OA', 'OAE'], { hist_access_type: 'tail', n: 1 }),
  probe('is_complete_request', ['OAERL', 'OA', 'OAE'], code),
  probe('kernel_info_request', ['OAEVRLQ', 'OAEVRLQ', 'OAERQ']),
  probe('comm_open of plot', LIKE_EXECUTE, { ...comm('plot-new'), target_name: 'plot' }),
  probe('comm_open of bank', ['OAE', 'OA', 'OAE'], { ...comm('bank-new'), target_name: 'bank' }),
  probe('comm_msg of plot', LIKE_EXECUTE, comm('plot')),
  probe('comm_msg of bank', ['OAE', 'OA', 'OAE'], comm('bank')),
  // It might be one of a private group, of which there are some.
  probe('comm_msg of nobody knows', ['OA', 'OA', 'OA'], comm('unknown')),
  // What belongs on control needs the right to control wherever it is sent; with nothing running, no interrupt is one's own.
  probe('shutdown_request', ['OA', 'OA', 'OA'], { restart: false }),
  probe('interrupt_request', ['OA', 'OA', 'OA']),
  probe('debug_request', ['OA', 'OA', 'OA'], { type: 'request', seq: 1, command: 'debugInfo', arguments: {} }),
  probe('usage_request', ['OA', 'OA', 'OA']),
  probe('create_subshell_request', ['OAE', 'OAE', 'OAE']),
  probe('delete_subshell_request', ['OAE', 'OAE', 'OAE'], { subshell_id: 'x' }),
  probe('list_subshell_request', ['OAE', 'OAE', 'OAE']),
  probe('curve_grant_request', ADMIN_ONLY),
  probe('curve_revoke_request', ADMIN_ONLY),
  probe('curve_rotate_request', ADMIN_ONLY),
  probe('curve_role_request', ADMIN_ONLY),
  probe('curve_topic_request', ADMIN_ONLY),
  probe('curve_clients_request', ['', 'OAR', '']),
  probe('curve_can_request', ADMIN_ONLY),
  probe('curve_policy_request', ADMIN_ONLY),
  probe('curve_watch_request', ADMIN_ONLY, { watch: false }),
  probe('curve_made_up_request', ADMIN_ONLY),
  probe('input_reply', ['OAEL', 'OA', 'OAEL'], { value: 'x' }),
  probe('made_up_request', LIKE_EXECUTE),
  probe('made_up', LIKE_EXECUTE),
  probe('execute_reply', LIKE_EXECUTE, { status: 'ok' }),
  probe('EXECUTE_REQUEST', NOBODY, code),
  probe('Execute_Request', NOBODY, code),
  probe('execute_request ', NOBODY, code),
  probe('ｅxecute_request', NOBODY, code),
  probe('Curve_Grant_Request', NOBODY),
];

/** Every type that there is, with what is needed to tell whose it is, and some that there are not. */
export const PROBES: readonly Probe[] = [
  ...WRITTEN,
  ...[...new Set(Object.values(MESSAGE_TYPES).flat())]
    .filter((msgType) => !WRITTEN.some((one) => one.msgType === msgType))
    .map((msgType) => probe(msgType)),
];

/** Cells that make everything a kernel shows. What is private or odd says so in its text. */
export const SHOWING: readonly string[] = [
  `console.log('said');
display('shown', { displayId: 'd' });
display('changed', { displayId: 'd', update: true });
display('group salaries', { metadata: { groups: ['salaries'] } });
display('group malformed', { metadata: { groups: 'salaries' } });
for (const target of ['plot', 'bank']) {
  Jupyter.broadcast('comm_open', { comm_id: target + '-comm', target_name: target, data: {} });
  Jupyter.broadcast('comm_msg', { comm_id: target + '-comm', data: {} });
}
clearOutput();
'result'`,
  "throw new Error('thrown')",
];

const SHOWN_BY_TYPE = [
  'status',
  'execute_input',
  'stream',
  'display_data',
  'update_display_data',
  'clear_output',
  'execute_result',
  'error',
];

/** What is shown by {@link SHOWING}: by row of the table, its type, and what else decides. */
export const SHOWN: Readonly<Record<string, { readonly msgType: string; readonly facts: Facts }>> = Object.fromEntries([
  ...SHOWN_BY_TYPE.map((msgType) => [msgType, { msgType, facts: {} }]),
  ['display_data group salaries', { msgType: 'display_data', facts: { groups: ['salaries'] } }],
  ['display_data group malformed', { msgType: 'display_data', facts: { groups: 'malformed' } }],
  ...['plot', 'bank'].flatMap((target) =>
    ['comm_open', 'comm_msg'].map((msgType) => [`${msgType} of ${target}`, { msgType, facts: { target } }]),
  ),
]);

/** Who sees what of what others do, and of what they do themselves: part of it, by hand. */
export const SEEN: Readonly<Record<string, { readonly ofOthers: string; readonly own: string }>> = {
  status: { ofOthers: 'OAEVRQ', own: 'OAELQ' },
  execute_input: { ofOthers: 'OAEV', own: 'OAEL' },
  stream: { ofOthers: 'OAEVRQ', own: 'OAELQ' },
  display_data: { ofOthers: 'OAEVR', own: 'OAEL' },
  update_display_data: { ofOthers: 'OAEVR', own: 'OAEL' },
  'display_data group salaries': { ofOthers: 'OAR', own: 'OA' },
  'display_data group malformed': { ofOthers: 'OA', own: 'OA' },
  'comm_open of plot': { ofOthers: 'OAE', own: 'OAEL' },
  'comm_msg of plot': { ofOthers: 'OAE', own: 'OAEL' },
  'comm_open of bank': { ofOthers: 'OAE', own: 'OAE' },
  'comm_msg of bank': { ofOthers: 'OAE', own: 'OAE' },
  clear_output: { ofOthers: 'OAEVR', own: 'OAEL' },
  execute_result: { ofOthers: 'OAEVR', own: 'OAEL' },
  error: { ofOthers: 'OAEVR', own: 'OAEL' },
};
/** Who may execute at all. */
export const RUNNERS = 'OAELQ';

/** The row of {@link SEEN} that a message belongs to. */
export function rowOf(msgType: string, text: string, commId: string): string {
  if (text.includes('group ')) return `${msgType} ${text.replaceAll("'", '')}`;
  return commId === '' ? msgType : `${msgType} of ${commId.replace('-comm', '')}`;
}
