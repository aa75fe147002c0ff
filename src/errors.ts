/**
 * The errors of this package, in one list.
 *
 * Callers branch on {@link CurveKernelError.code}; people read `message` (what was found, what was wanted) and `hint`
 * (what to do next). Neither ever holds a key, a signature, code or output. Wrong arguments are a `TypeError` instead.
 */

/** The closed list of error codes. The command line maps each to an exit status. */
export type ErrorCode =
  // keys
  | 'key-invalid' // not 32 bytes, or not 40 characters of Z85
  | 'key-mismatch' // public and secret key do not belong together
  | 'key-file-missing'
  | 'key-file-unreadable'
  | 'key-file-unwritable'
  | 'key-file-unsafe' // a key file, or its folder, is open to others or is a symbolic link
  | 'key-file-invalid' // not a certificate file
  // connection files
  | 'connection-file-missing'
  | 'connection-file-unreadable'
  | 'connection-file-unwritable'
  | 'connection-file-unsafe'
  | 'connection-file-invalid'
  | 'endpoint-invalid' // an address that no socket can have, such as an ipc path of more than 107 bytes
  // messages
  | 'message-malformed'
  | 'message-too-large'
  | 'message-unsigned' // signature wrong or missing
  | 'message-replayed'
  | 'message-unreadable' // of a kernel, and a request waits for it
  | 'signature-scheme-unsupported'
  // access
  | 'identity-invalid' // a name that no identity can have
  | 'identity-unknown' // no identity of that name has a grant
  | 'not-permitted' // no role of the identity allows it
  | 'last-owner' // the kernel would be left without an owner
  | 'grant-failed' // the terms cannot be granted, or no sockets could be opened for them
  | 'key-needed' // only the holder of a key of their own can do this
  | 'policy-invalid'
  | 'authorized-clients-invalid'
  | 'audit-broken' // a line of the audit was changed, added, moved or removed
  | 'state-unsaved' // a change of access holds, and cannot be saved for a restart of the kernel
  // transport
  | 'address-in-use'
  | 'bind-failed'
  | 'dial-failed' // no sockets can be opened to dial with
  | 'self-check-failed' // the kernel's own sockets admitted a peer that they must refuse
  | 'peer-encrypted' // the kernel is encrypted and the connection file has no keys
  | 'peer-plaintext' // keys are given and the kernel answers in plain text
  | 'peer-wrong-key' // the kernel does not hold the secret of the public key in the file
  | 'peer-refused' // the kernel knows our key and does not admit it
  | 'peer-silent' // there is no answer at the address
  | 'peer-lost' // it answered before, and does not any more
  | 'transport-closed'
  // kernel
  | 'encryption-required' // asked to serve without keys while encryption is required
  | 'evaluator-failed' // the process that runs user code could not be started
  | 'language-failed' // the language behind the kernel threw, hung or answered nonsense
  | 'input-unavailable' // code asks for input where no client can be asked
  // manager
  | 'kernelspec-missing'
  | 'kernelspec-invalid'
  | 'encryption-unsupported' // policy `required`, and the kernelspec does not advertise curve
  | 'encryption-not-enforced' // policy `required`, and the running kernel admits plain text or strangers
  | 'kernel-start-failed' // the process could not be started, or ended before it was ready
  | 'kernel-start-timeout'
  | 'kernel-died'
  | 'kernel-unknown' // no kernel with that id
  | 'kernel-not-managed' // another process runs the kernel, so it cannot be restarted from here
  | 'shutdown-failed'
  // notebooks and the command line
  | 'notebook-unreadable'
  | 'notebook-unwritable'
  | 'notebook-invalid'
  | 'cell-failed'
  | 'cell-timeout'
  | 'interrupted'
  | 'install-failed'
  | 'usage';

/** The hint, cause and data of a {@link CurveKernelError}. */
export interface ErrorDetails {
  /** Advice on what to do next, as one sentence. */
  readonly hint: string;
  /** The error underneath, if there was one. */
  readonly cause?: unknown;
  /** Facts to branch on or to log, such as `{file, field}`. Never a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The one error class of this package. */
export class CurveKernelError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }
}
Object.defineProperty(CurveKernelError.prototype, 'name', { value: 'CurveKernelError' });

/** Whether `error` is a {@link CurveKernelError}, and, where a code is given, one with that code. */
export function isCurveKernelError(error: unknown, code?: ErrorCode): error is CurveKernelError {
  return error instanceof CurveKernelError && (code === undefined || error.code === code);
}
