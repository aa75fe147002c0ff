import type { Channel } from '../../protocol/message.js';
import { READ_ONLY_TYPES, SEND_CHANNELS } from './message-types.js';
import { quote } from '../quote.js';
import { compileMessagePattern, type MessagePattern } from './pattern.js';

/** Rights under a name. All lists are of patterns; what nothing allows is refused. */
export interface Role {
  readonly name: string;
  /** Messages that may be sent: `channel.msg_type` on shell, control and stdin. */
  readonly send: readonly string[];
  /** Messages that may be seen: `iopub.msg_type`. */
  readonly see: readonly string[];
  /** Comm targets whose messages may be sent or seen, where `send` or `see` allows the message type. */
  readonly comms: readonly string[];
  /** Private groups whose outputs may be seen and whose comms may be used. What is public needs nothing. */
  readonly groups: readonly string[];
  /** Promises that no holder can make the kernel run code by it: {@link compileSend} holds the role to that. */
  readonly readOnly?: boolean;
}

/** The names of the roles that are always there, with the same meaning everywhere. */
export type BuiltInRole = 'owner' | 'admin' | 'executor' | 'observer';

const EVERYTHING = { send: ['*.*', 'control.curve_*'], see: ['iopub.*'], comms: ['*'], groups: ['*'] } as const;

/** The roles that are always there. What only owners may do to owners is said by {@link checkOwnership}. */
export const BUILT_IN_ROLES: Readonly<Record<BuiltInRole, Role>> = {
  owner: { name: 'owner', ...EVERYTHING },
  admin: { name: 'admin', ...EVERYTHING },
  executor: {
    name: 'executor',
    send: [
      'shell.*',
      'stdin.*',
      'control.interrupt_request own',
      'control.kernel_info_request',
      'control.*_subshell_request',
    ],
    see: ['iopub.*'],
    comms: ['*'],
    groups: [],
  },
  observer: {
    name: 'observer',
    send: ['shell.kernel_info_request', 'control.kernel_info_request'],
    see: ['iopub.*'],
    comms: [],
    groups: [],
    readOnly: true,
  },
};

const SEE_CHANNELS: readonly Channel[] = ['iopub'];
const ROLE_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** True for the name of a built-in role. */
export function isBuiltInRole(name: string): name is BuiltInRole {
  return Object.hasOwn(BUILT_IN_ROLES, name);
}

/** True for a name that a role may have: a lower-case letter, then at most 31 of a-z, 0-9, _ and -; `deny` says no role. */
export function isRoleName(name: string): boolean {
  return ROLE_NAME.test(name) && name !== 'deny';
}

/** Compiles one entry of a `send` list. Throws TypeError, also for what a read-only role must not be able to send. */
export function compileSend(text: string, readOnly: boolean): MessagePattern {
  const pattern = compileMessagePattern(text, SEND_CHANNELS);
  if (readOnly && !pattern.deny && !READ_ONLY_TYPES.has(pattern.type)) {
    const allowed = [...READ_ONLY_TYPES].join(', ');
    throw new TypeError(`${quote(text)} may run code, and the role is read-only: it may send only ${allowed}`);
  }
  return pattern;
}

/** Compiles one entry of a `see` list. Throws TypeError. */
export function compileSee(text: string): MessagePattern {
  return compileMessagePattern(text, SEE_CHANNELS);
}
