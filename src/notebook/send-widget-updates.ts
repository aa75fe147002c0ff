import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { loadServices } from '../manager/services/load-services.js';
import { encodedObject } from '../protocol/encoded-object.js';
import type { WidgetUpdate } from './output-widgets.js';
import { writeJson } from './write-json.js';

/** Sends the outputs of Output widgets to the kernel, as a front end that shows them does. Nothing is sent to a kernel that is lost. */
export async function sendWidgetUpdates(
  kernel: Kernel.IKernelConnection,
  updates: readonly WidgetUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  const services = await loadServices();
  for (const { comm, outputs, parent } of updates) {
    const state = { outputs: outputs.map((output) => ({ ...output })) };
    // Numbers go back as the kernel wrote them; but NaN, which not every kernel can read, becomes null.
    const text = writeJson({ method: 'update', state, buffer_paths: [] }, { notFinite: 'null' });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- upstream's type of JSON is the same, but can be changed
    const data = encodedObject(Buffer.from(text)) as KernelMessage.ICommMsgMsg<'shell'>['content']['data'];
    const message = services.KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
      channel: 'shell',
      msgType: 'comm_msg',
      session: kernel.clientId,
      username: kernel.username,
      content: { comm_id: comm, data },
      ...('msg_id' in parent && { parentHeader: parent }),
    });
    try {
      kernel.sendShellMessage(message, false);
    } catch {
      return; // the connection throws when the kernel is dead
    }
  }
}
