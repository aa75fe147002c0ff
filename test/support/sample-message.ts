import { createMessage, type MessageOptions } from '#src/protocol/create-message.js';
import { DELIMITER } from '#src/protocol/frames.js';
import type { JsonObject, Message } from '#src/protocol/message.js';
import { createSigner, type Signer } from '#src/protocol/signer.js';
import { CurveKernelError } from '#src/errors.js';
import { Secret } from '#src/keys/secret.js';

export const KEY = '6d2f1c1e-2f9f2c44ab8a62d8a0a5b4f1';
export const signer = createSigner('hmac-sha256', Secret.fromText(KEY));

export const HEADER = { msg_id: 'm-1', msg_type: 'execute_request', session: 's-1' };

/** A message like those that front ends send. */
export function sampleMessage(content: JsonObject = { code: '1 + 1' }, options: MessageOptions = {}): Message {
  return createMessage({ session: 's-1', username: 'somebody' }, 'execute_request', content, options);
}

/** What the four JSON frames of {@link signedFrames} hold: a value to be stringified, or text or bytes to be sent as they are. */
export interface RawParts {
  readonly header?: unknown;
  readonly parent?: unknown;
  readonly metadata?: unknown;
  readonly content?: unknown;
}

/** Correctly signed frames with whatever is wanted in them. */
export function signedFrames(parts: RawParts = {}, by: Signer = signer): Uint8Array[] {
  const json = [parts.header ?? HEADER, parts.parent ?? {}, parts.metadata ?? {}, parts.content ?? {}].map(frameOf);
  return [Buffer.from(DELIMITER), Buffer.from(by.sign(json)), ...json];
}

function frameOf(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
}

/** The code of the error that `act` throws; undefined when it throws none. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof CurveKernelError ? error.code : String(error);
  }
}
