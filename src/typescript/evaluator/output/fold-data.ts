/**
 * Long values of user code cross the pipe as JSON text beside the rest of the message: the kernel checks the text and sends it on as it is,
 * and never builds the value. The frame then names the fields in `written`, and their texts are the first of its buffers.
 */
import { Buffer } from 'node:buffer';
import type { EvaluatorMessage } from '../../pipe/pipe-messages.js';

/** Length of JSON from which on a value is long, in UTF-16 units. */
const LONG = 32 * 1024;

/** Taken now: cells may replace it. */
const { stringify } = JSON;
const { isArray } = Array;

/** The content of the frame for `message`. Call it where cells' changes to builtins are undone. */
export function foldData(message: EvaluatorMessage, buffers: readonly Uint8Array[]): [object, readonly Uint8Array[]] {
  const written: string[] = [];
  const texts: Uint8Array[] = [];
  /** The value; an empty one where its text stands beside. */
  const fold = <T extends object>(name: string, value: T): T => {
    const text = stringify(value);
    if (text.length < LONG) return value;
    written[written.length] = name;
    texts[texts.length] = Buffer.from(repaired(text));
    return {} as T;
  };
  let folded: object = message;
  if (message.type === 'display') folded = { ...message, data: fold('data', message.data) };
  else if (message.type === 'publish') {
    const { data } = message.content;
    if (typeof data === 'object' && data !== null && !isArray(data))
      folded = { ...message, content: { ...message.content, data: fold('data', data) } };
  } else if (message.type === 'done') {
    const { result, userExpressions } = message;
    folded = {
      ...message,
      ...(result && { result: { ...result, data: fold('data', result.data) } }),
      userExpressions: fold('userExpressions', userExpressions),
    };
  }
  return written.length === 0 ? [message, buffers] : [{ ...folded, written }, [...texts, ...buffers]];
}

/** Half a surrogate pair becomes U+FFFD, as in every other message; `stringify` escapes nothing else so. */
function repaired(text: string): string {
  if (!text.includes('\\ud')) return text;
  return text.replace(/\\(ud[89a-f]..|.)/g, (escape, code: string) => (code.length > 1 ? '\ufffd' : escape));
}
