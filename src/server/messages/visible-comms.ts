import type { Message } from '../../protocol/message.js';
import { isObject } from '../../support/is-object.js';

/** A `comm_info_reply` without the comms of targets that its receiver may not see; any other message as it is. */
export function withVisibleComms(message: Message, maySee: (target: string) => boolean): Message {
  const { comms } = message.content;
  if (message.header.msg_type !== 'comm_info_reply' || !isObject(comms)) return message;
  const visible = Object.entries(comms).filter(([, comm]) => {
    const target = isObject(comm) ? comm['target_name'] : undefined;
    return typeof target === 'string' && maySee(target);
  });
  return { ...message, content: { ...message.content, comms: Object.fromEntries(visible) } };
}
