import { encodedBytes } from '../protocol/encoded-object.js';
import { totalBytes } from '../protocol/frames.js';
import type { Message } from '../protocol/message.js';

/** Bytes of metadata, content and buffers, for a limit of what waits. */
export function bodyBytes({ metadata, content, buffers }: Message): number {
  const written = [metadata, content].map((part) => encodedBytes(part)?.byteLength ?? JSON.stringify(part).length);
  return totalBytes(buffers) + written.reduce((sum, bytes) => sum + bytes, 0);
}
