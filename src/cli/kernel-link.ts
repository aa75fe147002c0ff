import { ACCESS_REQUESTS } from '../access/requests/access-requests.js';
import { acceptReply } from '../access/requests/access-refusal.js';
import { ACCESS_EVENT } from '../access/requests/request-types.js';
import { perSocket } from '../connection/per-socket.js';
import type { KernelState, OpenKernelLink } from '../diagnose/kernel-link.js';
import { openControlClient } from '../manager/client/control-client.js';
import { isJsonObject } from '../protocol/json-fields.js';
import type { JsonObject, Message } from '../protocol/message.js';

/**
 * Beginnings of the topics of `status` messages: those of jupyter-curve are message types; ipykernel, and kernels made with it, and xeus put
 * their own id before.
 */
const TOPICS = ['status', 'kernel.', 'kernel_core.'];

/** Connects to a kernel for `status`. Questions about access go to kernels that jupyter-curve serves alone. */
export const openKernelLink: OpenKernelLink = async (connection, { follow, isServed, timeout, signal }) => {
  let state: KernelState | undefined;
  let isStale = false;
  const receive = (message: Message): void => {
    if (message.header.msg_type === ACCESS_EVENT) isStale = true;
    else state = cellState(message) ?? state;
  };
  const topics = follow ? [...TOPICS, ...(isServed ? [ACCESS_EVENT] : [])] : [];
  const client = await openControlClient({ connection, timeout, signal, published: { topics, receive } });
  const ask = async (msgType: string, content: JsonObject): Promise<JsonObject> =>
    acceptReply(msgType, await client.ask(msgType, content));
  // It stays on when this client leaves: a watcher that has the same file would hear nothing any more.
  const watch = ACCESS_REQUESTS.watch;
  if (isServed && follow) await ask(watch.msgType, watch.encode(true)).catch(() => undefined);
  const security = client.security();
  return {
    mechanisms: perSocket((name) => security[name].mechanism),
    get state() {
      return state;
    },
    get isStale() {
      return isStale;
    },
    clients: async () => {
      isStale = false;
      const { msgType, encode, decodeReply } = ACCESS_REQUESTS.clients;
      return decodeReply(await ask(msgType, encode({})));
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
};

/** The state that a `status` message about a cell tells. Those about other requests come while a cell runs, too. */
function cellState({ header, parent_header: parent, content }: Message): KernelState | undefined {
  if (header.msg_type !== 'status' || !isJsonObject(parent) || parent['msg_type'] !== 'execute_request')
    return undefined;
  const { execution_state: state } = content;
  return state === 'busy' || state === 'idle' ? state : undefined;
}
