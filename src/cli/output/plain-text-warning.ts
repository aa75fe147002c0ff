import type { ConnectionInfo } from '../../connection/connection-info.js';
import { printWarning } from './output.js';

/** Warns of a connection that others can listen to, or send code to. A socket of ipc lies in a folder of its own. */
export function warnOfPlainText({ transport, curve, key }: ConnectionInfo): void {
  if (transport === 'ipc' || curve !== undefined) return;
  const listen = 'what is sent to and from this kernel can be read on the way';
  const send =
    key.byteLength === 0 ? ', and every program that reaches its ports can run code: messages are not signed' : '';
  printWarning({
    message: `the connection file has no Curve keys: ${listen}${send}`,
    hint: 'start kernels with keys: "jupyter lab --KernelManager.transport_encryption=required", or "jupyter-curve start"',
  });
}
