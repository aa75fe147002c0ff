import type { Channel, RequestChannel } from '../../protocol/message.js';
import { accessType } from '../requests/request-types.js';
import type { Groups } from './groups.js';

/** A message that an identity sends to the kernel. */
export interface SendAct {
  readonly kind: 'send';
  readonly channel: RequestChannel;
  readonly msgType: string;
  /** It concerns the sender's own running request. Default: false. */
  readonly own?: boolean;
  /** For `comm_…`: the target of the comm, when it is known. */
  readonly commTarget?: string;
}

/** A message on iopub that an identity is about to see. */
export interface SeeAct {
  readonly kind: 'see';
  readonly msgType: string;
  /** A request of this identity caused it. */
  readonly own: boolean;
  /** As {@link groupsOf} found them. */
  readonly groups?: Groups;
  /** For `comm_…`: the target of the comm, when it is known. */
  readonly commTarget?: string;
}

/** The act that a decision is about. */
export type Act = SendAct | SeeAct;

/** The channel on which an act happens. */
export function channelOf(act: Act): Channel {
  return act.kind === 'send' ? act.channel : 'iopub';
}

/** The act of watching access events. */
export const WATCH_ACT: SendAct = { kind: 'send', channel: 'control', msgType: accessType('watch') };
