import type { SeeAct, SendAct } from '../../access/policy/act.js';
import { accessType } from '../../access/requests/request-types.js';
import type { Groups } from '../../access/policy/groups.js';
import type { Message, RequestChannel } from '../../protocol/message.js';

/** The act of watching access events. */
export const WATCH_ACT: SendAct = { kind: 'send', channel: 'control', msgType: accessType('watch') };

/** The act of sending `message`. `own`: a request of the same identity runs. */
export function sendAct(
  channel: RequestChannel,
  message: Message,
  own: boolean,
  commTarget: string | undefined,
): SendAct {
  const act = { kind: 'send', channel, msgType: message.header.msg_type, own } as const;
  return commTarget === undefined ? act : { ...act, commTarget };
}

/** The act of seeing `message`, which belongs to these groups, on iopub. `own`: a request of the same identity caused it. */
export function seeAct(message: Message, own: boolean, groups: Groups, commTarget?: string): SeeAct {
  const act = { kind: 'see', msgType: message.header.msg_type, own, groups } as const;
  return commTarget === undefined ? act : { ...act, commTarget };
}
