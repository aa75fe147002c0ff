import { isCommType } from '../../access/policy/message-types.js';
import type { Json, Message } from '../../protocol/message.js';

/** More comms than any notebook has open. Those beyond are of no known target, so only who may use all may use them. */
const MAX_COMMS = 65_536;
/** Longer ids and targets count as unknown: what is remembered of a comm, and compared with a policy, is bounded. */
const MAX_NAME_LENGTH = 1_024;

/** The target of each open comm; only the message that opens one names it. Knows no comm yet. */
export function createCommTargets() {
  const targets = new Map<string, string>();
  return {
    /** The target of a comm's message; undefined for other messages, and where it is not known or not sure. */
    of({ header, content }: Message): string | undefined {
      if (!isCommType(header.msg_type)) return undefined;
      const known = isName(content['comm_id']) ? targets.get(content['comm_id']) : undefined;
      if (header.msg_type !== 'comm_open') return known;
      const named = content['target_name'];
      // To open a comm that is open already would give it another target.
      return isName(named) && (known === undefined || known === named) ? named : undefined;
    },
    /** Takes note of a comm that is opened or closed, in either direction, when that has been permitted. */
    note({ header, content }: Message): void {
      // Other content may be bytes that nothing needs to read.
      if (!isCommType(header.msg_type)) return;
      const { comm_id: id, target_name: target } = content;
      if (!isName(id)) return;
      if (header.msg_type === 'comm_close') targets.delete(id);
      if (header.msg_type !== 'comm_open' || !isName(target) || targets.has(id)) return;
      if (targets.size < MAX_COMMS) targets.set(id, target);
    },
  };
}

const isName = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.length <= MAX_NAME_LENGTH;
