import type { OutputLoss } from '../transport/server/publish-queue.js';

/** The line that tells a client on stderr what it does not get. */
export function describeLoss(loss: OutputLoss): string {
  if (loss.kind === 'left-out') {
    const seconds = Math.round(loss.milliseconds / 1_000);
    return `[jupyter-curve] A client that uses the same connection as this one has read nothing for ${seconds} s. It gets no output until it reads again.\n`;
  }
  const { messages, bytes } = loss;
  const count = messages === 1 ? '1 message' : `${messages} messages`;
  return `[jupyter-curve] ${count} of output (${inUnits(bytes)}) are missing here: this client reads more slowly than the cell writes, and its queue was full. Print or show less at a time.\n`;
}

const inUnits = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
