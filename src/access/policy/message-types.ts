import type { Channel, RequestChannel } from '../../protocol/message.js';
import { ACCESS_VERBS, accessType } from '../requests/request-types.js';

/** Channels on which something may be sent to a kernel. */
export const SEND_CHANNELS = ['shell', 'control', 'stdin'] as const;

const COMM_TYPES = ['comm_open', 'comm_msg', 'comm_close'] as const;

/**
 * The message types of the protocol, by the channel they belong on, and this package's administrative verbs. Control takes
 * what shell takes as well.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html | Messaging in Jupyter}
 */
export const MESSAGE_TYPES: Readonly<Record<Channel, readonly string[]>> = {
  shell: [
    'execute_request',
    'inspect_request',
    'complete_request',
    'history_request',
    'is_complete_request',
    'connect_request',
    'comm_info_request',
    'kernel_info_request',
    ...COMM_TYPES,
  ],
  control: [
    'shutdown_request',
    'interrupt_request',
    'debug_request',
    'usage_request',
    'create_subshell_request',
    'delete_subshell_request',
    'list_subshell_request',
    ...ACCESS_VERBS.map(accessType),
  ],
  stdin: ['input_reply'],
  iopub: [
    'stream',
    'display_data',
    'update_display_data',
    'execute_input',
    'execute_result',
    'error',
    'status',
    'clear_output',
    'debug_event',
    'iopub_welcome',
    'shutdown_reply',
    ...COMM_TYPES,
  ],
};

/**
 * The channel that a message sent on `channel` belongs on: another one for what belongs only there, such as a `shutdown_request` on
 * shell, which kernels take as well.
 */
export function homeChannel(channel: RequestChannel, msgType: string): RequestChannel {
  const belongs = (on: RequestChannel): boolean => MESSAGE_TYPES[on].includes(msgType);
  if (belongs(channel) || (channel === 'control' && belongs('shell'))) return channel;
  return SEND_CHANNELS.find(belongs) ?? channel;
}

/** Maximum length of a message type. */
export const MAX_TYPE_LENGTH = 128;

/** A message type, which may be any text, for people to read: shortened, and of printable ASCII characters only. */
export function printableType(msgType: string): string {
  const text = msgType.length > MAX_PRINTED_LENGTH ? `${msgType.slice(0, MAX_PRINTED_LENGTH - 1)}…` : msgType;
  return text.replaceAll(/[^\w.…-]/g, '?');
}

const MAX_PRINTED_LENGTH = 64;

/** Types that a read-only role may send: none of these can run code in any known kernel. */
export const READ_ONLY_TYPES: ReadonlySet<string> = new Set([
  'kernel_info_request',
  'connect_request',
  'comm_info_request',
  'history_request',
  'is_complete_request',
  'list_subshell_request',
  accessType('clients'),
  accessType('can'),
]);

const KNOWN: ReadonlySet<string> = new Set(Object.values(MESSAGE_TYPES).flat());
const COMM: ReadonlySet<string> = new Set(COMM_TYPES);

/** True for a type of the protocol, or of this package, on any channel. */
export function isKnownType(msgType: string): boolean {
  return KNOWN.has(msgType);
}

/** True for messages of a comm, which has a target. */
export function isCommType(msgType: string): boolean {
  return COMM.has(msgType);
}

/** True for a request about access. */
export function isAdminType(msgType: string): boolean {
  return msgType.startsWith('curve_');
}

/**
 * True for a known type in another spelling (`EXECUTE_REQUEST`, full-width letters, a blank at the end), or longer than any.
 * A kernel behind a relay might read it as the known one, so no wildcard lets it through.
 */
export function isDisguised(msgType: string): boolean {
  if (KNOWN.has(msgType)) return false;
  if (msgType.length > MAX_TYPE_LENGTH) return true;
  const plain = msgType
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}_]/gu, '')
    .toLowerCase();
  return plain !== msgType && KNOWN.has(plain);
}
