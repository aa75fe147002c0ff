import { CurveKernelError, type ErrorCode } from '../../errors.js';

/** Meanings of the exit statuses; the help text and docs/cli.md print this table. */
export const statusMeanings = {
  0: 'done',
  1: 'a cell failed, or took longer than --timeout',
  2: 'wrong usage',
  3: 'a file is missing, not valid, or not safe to use',
  4: 'no such kernel, or its kernelspec cannot do what was asked',
  5: 'refused: keys, encryption or rights are not what was asked for',
  6: 'the kernel did not start, died, or does not answer',
  7: 'done, but a restart of the kernel forgets or undoes it',
  8: 'doctor has found what deserves a warning',
  9: 'doctor has found an error',
  70: 'a mistake in jupyter-curve itself',
  130: 'interrupted',
} as const;

/** One of the exit statuses of `jupyter-curve`. */
export type ExitStatus = keyof typeof statusMeanings;

/** The exit status of each error code. */
export const exitStatuses: Readonly<Record<ErrorCode, ExitStatus>> = {
  'key-invalid': 3,
  'key-mismatch': 5,
  'key-file-missing': 3,
  'key-file-unreadable': 3,
  'key-file-unwritable': 3,
  'key-file-unsafe': 3,
  'key-file-invalid': 3,
  'connection-file-missing': 3,
  'connection-file-unreadable': 3,
  'connection-file-unwritable': 3,
  'connection-file-unsafe': 3,
  'connection-file-invalid': 3,
  'endpoint-invalid': 3,
  'message-malformed': 6,
  'message-too-large': 6,
  'message-unsigned': 5,
  'message-replayed': 5,
  'message-unreadable': 6,
  'signature-scheme-unsupported': 3,
  'identity-invalid': 2,
  'identity-unknown': 5,
  'not-permitted': 5,
  'last-owner': 5,
  'grant-failed': 5,
  'key-needed': 5,
  'policy-invalid': 3,
  'authorized-clients-invalid': 3,
  'audit-broken': 3,
  'state-unsaved': 7,
  'address-in-use': 6,
  'bind-failed': 6,
  'dial-failed': 6,
  'self-check-failed': 5,
  'peer-encrypted': 5,
  'peer-plaintext': 5,
  'peer-wrong-key': 5,
  'peer-refused': 5,
  'peer-silent': 6,
  'peer-lost': 6,
  'transport-closed': 6,
  'encryption-required': 5,
  'evaluator-failed': 6,
  'language-failed': 6,
  'input-unavailable': 6,
  'kernelspec-missing': 4,
  'kernelspec-invalid': 4,
  'encryption-unsupported': 4,
  'encryption-not-enforced': 5,
  'kernel-start-failed': 6,
  'kernel-start-timeout': 6,
  'kernel-died': 6,
  'kernel-unknown': 6,
  'kernel-not-managed': 6,
  'shutdown-failed': 6,
  'notebook-unreadable': 3,
  'notebook-unwritable': 3,
  'notebook-invalid': 3,
  'cell-failed': 1,
  'cell-timeout': 1,
  interrupted: 130,
  'install-failed': 3,
  usage: 2,
};

/** The exit status of an error: that of its code, or 70 for an error that is none of this package. */
export function exitStatus(error: unknown): ExitStatus {
  if (error instanceof CurveKernelError) return exitStatuses[error.code];
  return 70;
}
