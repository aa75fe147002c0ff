import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { loadServices } from '../manager/services-module.js';
import type { WidgetUpdate } from './output-widgets.js';

/** Tells a kernel what its Output widgets show, as the front end that they are shown by would. A kernel that is lost is not told. */
export async function sendWidgetUpdates(
  kernel: Kernel.IKernelConnection,
  updates: readonly WidgetUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  const services = await loadServices();
  for (const { comm, outputs, parent } of updates) {
    // A copy, as upstream's type of JSON can be changed; and NaN, which no message may hold, becomes null.
    const state: KernelMessage.ICommMsgMsg<'shell'>['content']['data'] = JSON.parse(JSON.stringify({ outputs }));
    const message = services.KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
      channel: 'shell',
      msgType: 'comm_msg',
      session: kernel.clientId,
      username: kernel.username,
      content: { comm_id: comm, data: { method: 'update', state, buffer_paths: [] } },
      ...(isHeader(parent) ? { parentHeader: parent } : {}),
    });
    try {
      kernel.sendShellMessage(message, false);
    } catch {
      return; // the connection throws when the kernel is dead
    }
  }
}

const isHeader = (parent: WidgetUpdate['parent']): parent is KernelMessage.IHeader<never> => 'msg_id' in parent;
