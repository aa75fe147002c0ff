import type { ConnectionInfo } from '../../connection/connection-info.js';
import { readGrantNote } from '../../connection/grant-note.js';
import { CurveKernelError, isCurveKernelError, type ErrorCode } from '../../errors.js';
import type { SocketName } from '../../protocol/message.js';
import { errorCode, errorMessage } from '../../support/system-error.js';

/** The socket and the reason of a dial that failed. */
export interface DialFailure {
  readonly code: ErrorCode;
  readonly socket: SocketName;
  readonly endpoint: string;
  /** A process accepted a connection, and no handshake completed. */
  readonly reachedPeer: boolean;
}

const TEXTS: Partial<Record<ErrorCode, readonly [message: string, hint: string]>> = {
  'peer-encrypted': [
    'The kernel encrypts, but the connection file has no keys',
    'Use the connection file that the kernel was started with; clients older than jupyter_client 8.9 drop its keys.',
  ],
  'peer-plaintext': [
    'Keys are given, but the kernel answers in plain text',
    'The kernel ignores its keys: update it, or install a kernelspec that says what it supports. Nothing was sent.',
  ],
  'peer-wrong-key': [
    'The kernel does not hold the secret of the public key in the connection file',
    'The file may be older than the kernel, or something else listens there. Get a fresh connection file.',
  ],
  'peer-refused': [
    'The kernel knows our key, but does not admit it',
    'Ask the owner of the kernel for a grant, or check whether it was revoked.',
  ],
  'peer-silent': [
    'No kernel answers',
    'The kernel may have ended, or not be started yet; check that it runs and that the address can be reached.',
  ],
  'peer-lost': [
    'The kernel answered before, but does not any more',
    'It may have ended, be restarting, read no more requests, or have revoked the grant that was used.',
  ],
};

const UNRESPONSIVE = 'A process accepts connections there, but no ZMTP handshake completes' as const;

/** Runs `open`, which opens sockets. Throws `endpoint-invalid` or `dial-failed` for what libzmq says when it cannot. */
export function openSockets<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    const isAddress = errorCode(cause) === 'EINVAL';
    const message = isAddress
      ? 'An address of the connection is not one that a socket can connect to.'
      : `No sockets can be opened to connect with: ${errorMessage(cause)}.`;
    const hint = isAddress
      ? 'Write the ip of the connection file as a host name, or as 127.0.0.1 or ::1 are written.'
      : 'Close other connections, or allow more open files (ulimit -n).';
    throw new CurveKernelError(isAddress ? 'endpoint-invalid' : 'dial-failed', message, { hint, cause });
  }
}

/** The error for a dial that failed, or a connection that was lost. */
export function dialFailure({ code, socket, endpoint, reachedPeer }: DialFailure): CurveKernelError {
  const [message, hint] = TEXTS[code] ?? ['The connection failed', 'Try again.'];
  const text = code === 'peer-silent' && reachedPeer ? UNRESPONSIVE : message;
  return new CurveKernelError(code, `${text} (${socket}, ${endpoint}).`, { hint, data: { socket, endpoint } });
}

/** The same for the connection of a grant: without an answer, the grant is more likely to have ended than the kernel not to be started. */
export function explainForGrant(error: unknown, connection: ConnectionInfo, now = Date.now()): unknown {
  const note = readGrantNote(connection);
  if (!note || !isCurveKernelError(error, 'peer-silent')) return error;
  const { name, expiresAt } = note;
  const { socket, endpoint } = error.data;
  const where = `(${String(socket)}, ${String(endpoint)})`;
  const [message, hint] =
    expiresAt !== undefined && Date.parse(expiresAt) <= now
      ? [`The grant of ${name} ended at ${expiresAt} ${where}.`, 'Ask the owner of the kernel for another one.']
      : [
          `The kernel does not listen for the grant of ${name} any more ${where}.`,
          'The grant was revoked or replaced, or the kernel has ended: ask its owner. A kernel that restarts listens again within seconds.',
        ];
  return new CurveKernelError('peer-silent', message, { hint, cause: error, data: error.data });
}
