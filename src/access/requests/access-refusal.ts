import { CurveKernelError, type ErrorCode } from '../../errors.js';
import { objectsIn, textIn, textsIn } from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';
import { NOT_PERMITTED } from '../policy/decide.js';

/** The codes with which a kernel refuses a request about access, and a hint for a reply without one. */
const HINTS = {
  usage: 'Correct what was asked for.',
  'message-malformed': 'Use the same version of jupyter-curve on both sides.',
  'not-permitted': 'Ask an owner or admin of the kernel for a role that has this right.',
  'identity-invalid': 'Use 1 to 64 letters, digits, ".", "_", "@" and "-", the first a letter or a digit.',
  'identity-unknown': 'List the identities with "clients".',
  'last-owner': 'Make another identity an owner first.',
  'grant-failed': 'Check roles, addresses and the end of the grant; the kernel must be encrypted.',
  'key-needed': 'Give the public key of the new pair.',
  'key-invalid': 'A Curve key is 40 characters of Z85.',
  'policy-invalid': 'Correct the policy file; the previous policy remains in force.',
  'authorized-clients-invalid': 'Correct the file; its previous content remains in force.',
  'audit-broken': 'Keep the audit file for the investigation, and begin another.',
  'address-in-use': 'Try again: another process has just taken the port.',
  'bind-failed': 'Check the address of the kernel, and how many sockets and files it may open.',
  'self-check-failed': 'Report this: the kernel found that its own sockets admit strangers.',
} as const satisfies Partial<Record<ErrorCode, string>>;

type RefusalCode = keyof typeof HINTS;

/** The error for a request that makes no sense. */
export function usageError(message: string): CurveKernelError {
  return new CurveKernelError('usage', message, { hint: HINTS.usage });
}

/** The result of `read`. @throws CurveKernelError 'usage' where it throws a TypeError */
export function orUsageError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof TypeError ? usageError(error.message) : error;
  }
}

/** The content of the reply that refuses a request. */
export function encodeRefusal({ code, message, hint }: CurveKernelError): JsonObject {
  const ename = code === 'not-permitted' ? NOT_PERMITTED : code;
  return { status: 'error', ename, evalue: message, traceback: code === 'usage' ? [] : [`hint: ${hint}`] };
}

/** Returns the content of a reply whose status is `ok`. @throws CurveKernelError as {@link decodeRefusal} makes it for another one */
export function acceptReply(msgType: string, reply: JsonObject): JsonObject {
  if (reply['status'] === 'ok') return reply;
  throw decodeRefusal(msgType, reply);
}

/**
 * The error in a reply that is not `ok`. Its `ename` is one of our codes, as the code or in capitals (`NotPermitted`). A kernel
 * that does not know the request cannot be shared, which is `grant-failed`, and so is every other `ename`.
 */
export function decodeRefusal(msgType: string, reply: JsonObject): CurveKernelError {
  const ename = textIn(reply['ename']) ?? '';
  const name = ename.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  if (name === 'unknown-request') return notShareableError(msgType);
  const code: RefusalCode = isRefusalCode(name) ? name : 'grant-failed';
  const hint = textsIn(reply['traceback']).find((line) => line.startsWith('hint: '));
  return new CurveKernelError(code, textIn(reply['evalue']) || `The kernel refused ${msgType}.`, {
    hint: hint?.slice('hint: '.length) ?? HINTS[code],
    data: { msgType, ename },
  });
}

/** The error for a kernel that answers other requests and none about access: jupyter-curve does not serve it. */
export function notShareableError(msgType: string, cause?: unknown): CurveKernelError {
  return new CurveKernelError('grant-failed', `The kernel does not know ${msgType}: it cannot be shared by keys.`, {
    hint: 'Only kernels that jupyter-curve serves, such as "typescript", can. Its connection file gives all rights to those who have it.',
    cause,
    data: { msgType },
  });
}

const isRefusalCode = (name: string): name is RefusalCode => Object.hasOwn(HINTS, name);

/** The fields of a reply that say whether a change is saved for a restart of the kernel. */
export function encodeUnsaved(unsaved: CurveKernelError | undefined): JsonObject {
  if (unsaved === undefined) return { saved: true };
  const { message, hint, data } = unsaved;
  return { saved: false, unsaved: { message, hint, restart: String(data['restart']) } };
}

/** The error in such a reply; undefined when the change is saved. */
export function decodeUnsaved({ saved, unsaved }: JsonObject): CurveKernelError | undefined {
  if (saved !== false) return undefined;
  const [{ message, hint, restart } = {}] = objectsIn([unsaved ?? null]);
  return unsavedError(textIn(message), textIn(hint), textIn(restart));
}

/** A 'state-unsaved' without details: a restart of the kernel may undo what was changed. */
export function unsavedError(
  message = 'Access cannot be saved: a restart of the kernel may undo what was changed.',
  hint = 'Shut the kernel down instead of restarting it; that ends all grants.',
  restart = 'undone',
  cause?: unknown,
): CurveKernelError {
  return new CurveKernelError('state-unsaved', message, { hint, cause, data: { restart } });
}
