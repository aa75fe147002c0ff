import type { JsonObject } from '../../protocol/message.js';
import { openControlClient, type ControlClientOptions } from './control-client.js';

/**
 * Dials a running kernel, asks it one thing on the control channel, and hangs up. A manager has no other reason to keep a connection,
 * and one that is always open would receive all the kernel's output.
 *
 * Returns the content of the reply. The timeout holds for the connection, and again for the reply.
 *
 * @throws CurveKernelError `peer-*`, `peer-silent` when no reply comes in time; the reason of `signal`, and then nothing is sent any more.
 */
export async function askControl(
  options: ControlClientOptions,
  msgType: string,
  content: JsonObject,
): Promise<JsonObject> {
  await using line = await openControlClient(options);
  return await line.ask(msgType, content);
}
