import { isCommType } from '../../access/message-types.js';
import type { Message } from '../../protocol/message.js';

/** Which target each open comm belongs to; only the message that opens one says so. */
export interface CommTargets {
  /** The target of a comm's message; undefined for other messages, and where it is not known or not sure. */
  of(message: Message): string | undefined;
  /** Takes note of a comm that is opened or closed, in either direction, when that has been permitted. */
  note(message: Message): void;
}

/** More comms than any notebook has open. Those beyond are of no known target, so only who may use all may use them. */
const MOST_COMMS = 65_536;

/** Knows no comm yet. */
export function createCommTargets(): CommTargets {
  const targets = new Map<string, string>();
  return {
    of({ header, content }) {
      if (!isCommType(header.msg_type)) return undefined;
      const known = typeof content['comm_id'] === 'string' ? targets.get(content['comm_id']) : undefined;
      if (header.msg_type !== 'comm_open') return known;
      const named = content['target_name'];
      // To open a comm that is open already would give it another target.
      return typeof named === 'string' && (known === undefined || known === named) ? named : undefined;
    },
    note({ header, content }) {
      const { comm_id: id, target_name: target } = content;
      if (typeof id !== 'string') return;
      if (header.msg_type === 'comm_close') targets.delete(id);
      if (header.msg_type !== 'comm_open' || typeof target !== 'string' || targets.has(id)) return;
      if (targets.size < MOST_COMMS) targets.set(id, target);
    },
  };
}
