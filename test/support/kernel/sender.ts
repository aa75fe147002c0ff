/** Sends requests to a kernel of any make, and waits for nothing that it publishes: not all of them welcome a subscriber. */
import { randomUUID } from 'node:crypto';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { JsonObject, RequestChannel } from '#src/protocol/message.js';
import { openDialer } from '#src/transport/client/dialer.js';

export interface Sender extends AsyncDisposable {
  send(channel: RequestChannel, msgType: string, content: JsonObject): Promise<void>;
}

export async function openSender(file: string): Promise<Sender> {
  const session = randomUUID();
  const connection = await readConnectionFile(file);
  const dialer = await openDialer({ connection, timeout: 60_000, routingId: session, onMessage: () => undefined });
  return {
    send: (channel, msgType, content) =>
      dialer.send(channel, createMessage({ session, username: 'test' }, msgType, content)),
    [Symbol.asyncDispose]: () => dialer.close(),
  };
}
