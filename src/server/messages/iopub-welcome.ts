import { createMessage, type MessageOrigin } from '../../protocol/create-message.js';
import type { Message } from '../../protocol/message.js';

/**
 * The first message for a subscriber, from which on it misses nothing (JEP 65). Undefined for a topic that is no
 * text, which no Jupyter client subscribes to and no message could name.
 */
export function welcomeMessage(origin: MessageOrigin, topic: Uint8Array): Message | undefined {
  try {
    const subscription = new TextDecoder('utf-8', { fatal: true }).decode(topic);
    return createMessage(origin, 'iopub_welcome', { subscription });
  } catch {
    return undefined;
  }
}
