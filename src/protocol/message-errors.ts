import { CurveKernelError } from '../errors.js';

/** The error for a malformed message. `found` is a sentence about what was found and what was wanted, without content of the message. */
export function malformedError(found: string): CurveKernelError {
  return new CurveKernelError('message-malformed', found, {
    hint: 'The sender does not speak the Jupyter protocol correctly: update it, or find out which program it is.',
  });
}

/** The error for a message that exceeds one of the limits; `data` is `{limit, found, allowed}`. */
export function tooLargeError(what: string, limit: string, found: number, allowed: number): CurveKernelError {
  return new CurveKernelError('message-too-large', `The message has ${found} ${what}; the limit is ${allowed}.`, {
    hint: `Send it in smaller parts, or raise ${limit} at the receiver.`,
    data: { limit, found, allowed },
  });
}

/** The error for a signature that is missing or wrong. */
export function unsignedError(): CurveKernelError {
  const found = 'The signature is not the one that the key of this connection gives.';
  return new CurveKernelError('message-unsigned', found, {
    hint: 'Give both sides the same connection file: the sender has another "key", or something changed the message on its way.',
  });
}

/** The error for a signature that was seen before. */
export function replayedError(): CurveKernelError {
  return new CurveKernelError('message-replayed', 'A message with this signature has already arrived.', {
    hint: 'Give each message an id of its own: a sender repeats itself, or another process sends a copy.',
  });
}
