import type { ConnectionInfo } from '../../connection/connection-info.js';
import { printWarning } from './output.js';

/** Warns of a connection without encryption. An ipc socket needs none: it lies in a private folder. */
export function warnOfPlainText({ transport, curve, key }: ConnectionInfo): void {
  if (transport === 'ipc' || curve !== undefined) return;
  const unsigned =
    key.byteLength === 0 ? ', and every program that reaches its ports can run code: messages are not signed' : '';
  printWarning({
    message: `The connection file has no Curve keys: traffic to and from this kernel can be read on the way${unsigned}.`,
    hint: 'Start kernels with keys: "jupyter lab --KernelManager.transport_encryption=required", or "jupyter-curve start".',
  });
}
