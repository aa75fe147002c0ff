import { CurveKernelError, type ErrorCode } from '../../errors.js';
import type { JsonObject } from '../../protocol/message.js';
import { optionalText, readTexts } from './reply-fields.js';

/** What a kernel may answer to a request about access, and what to do about it where the kernel does not say. */
const HINTS = {
  usage: 'Correct what was asked for.',
  'message-malformed': 'Use the same version of jupyter-curve on both sides.',
  'not-permitted': 'Ask an owner or admin of the kernel for a role that has this right.',
  'identity-invalid': 'Use 1 to 64 letters, digits, ".", "_", "@" and "-", the first a letter or a digit.',
  'identity-unknown': 'See who there is with "clients".',
  'last-owner': 'Make another identity an owner first.',
  'grant-failed': 'Check roles, addresses and the end of the grant; the kernel must be encrypted.',
  'key-needed': 'Give the public key of the new pair.',
  'key-invalid': 'A Curve key is 40 characters of Z85.',
  'policy-invalid': 'Correct the policy file; the one before it holds.',
  'authorized-clients-invalid': 'Correct the file; the one before it holds.',
  'audit-broken': 'Keep the audit file as evidence, and begin another.',
  'address-in-use': 'Try again: another process has just taken the port.',
  'bind-failed': 'Check the address of the kernel, and how many sockets and files it may open.',
  'self-check-failed': 'Report this: the kernel found that its own sockets admit strangers.',
} as const satisfies Partial<Record<ErrorCode, string>>;

type RefusalCode = keyof typeof HINTS;

/** Returns the content of a reply whose status is `ok`; throws what {@link accessRefusalError} makes of another one. */
export function acceptReply(msgType: string, reply: JsonObject): JsonObject {
  if (reply['status'] === 'ok') return reply;
  throw accessRefusalError(msgType, reply);
}

/**
 * The error of a reply that is none of `ok`: its `ename` is one of our codes, as the code or in capitals (`NotPermitted`). A kernel
 * that does not know the request cannot be shared, which is `grant-failed`, and so is everything unforeseen.
 */
export function accessRefusalError(msgType: string, reply: JsonObject): CurveKernelError {
  const ename = optionalText(reply, 'ename') ?? '';
  const name = ename.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  const code: RefusalCode = isRefusalCode(name) ? name : 'grant-failed';
  if (name === 'unknown-request') return notShareableError(msgType);
  const said = readTexts(reply['traceback']).find((line) => line.startsWith('hint: '));
  const message = optionalText(reply, 'evalue') || `The kernel refused ${msgType}.`;
  return new CurveKernelError(code, message, {
    hint: said?.slice('hint: '.length) ?? HINTS[code],
    data: { msgType, ename },
  });
}

/** The error for a kernel that answers other requests, and knows none about access: one that is not served by jupyter-curve. */
export function notShareableError(msgType: string, cause?: unknown): CurveKernelError {
  return new CurveKernelError('grant-failed', `The kernel does not know ${msgType}: it cannot be shared by keys.`, {
    hint: 'Only kernels that jupyter-curve serves, such as "typescript", can. Its connection file gives all rights to those who have it.',
    cause,
    data: { msgType },
  });
}

const isRefusalCode = (name: string): name is RefusalCode => Object.hasOwn(HINTS, name);
