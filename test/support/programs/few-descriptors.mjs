// A listener that echoes on shell, in a process of few descriptors (ulimit -n). Prints its connection file, then a line for each
// second in which connections could not be accepted for want of descriptors.
import { readdirSync } from 'node:fs';
import { createMessage } from '#src/protocol/create-message.js';
import { openEncryptedListener } from './encrypted-listener.mjs';

await openEncryptedListener({
  onMessage: ({ channel, routing, message, listener }) =>
    listener.send(channel, routing, createMessage({ session: 's', username: 'u' }, 'reply', message.content)),
  onEvent: () => undefined,
  monitor: ['shell'],
});
setInterval(() => {
  if (isFull()) process.stdout.write('full\n');
}, 100);

/** Looking at the descriptors takes one. */
function isFull() {
  try {
    readdirSync('/proc/self/fd');
    return false;
  } catch (error) {
    return error.code === 'EMFILE';
  }
}
