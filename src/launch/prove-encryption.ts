import type { ConnectionInfo } from '../connection/connection-info.js';
import { dialable, endpoint } from '../connection/endpoints.js';
import { CurveKernelError } from '../errors.js';
import type { SocketName } from '../protocol/message.js';
import { SOCKET_NAMES } from '../connection/per-socket.js';
import { probe, type ProbeResult } from '../transport/client/probe.js';

/** Milliseconds for a kernel to turn a plaintext peer away. */
const PROBE_TIMEOUT = 5000;

/**
 * Tries all five sockets of a running kernel as a plaintext peer. A kernelspec is only a promise, and a kernel that knows nothing of
 * keys serves everybody. JEP 145 leaves this unchecked.
 *
 * @throws CurveKernelError `encryption-not-enforced` unless every socket refuses; a socket that says nothing proves nothing.
 */
export async function proveEncryption(connection: ConnectionInfo, signal: AbortSignal): Promise<void> {
  const results = await Promise.all(
    SOCKET_NAMES.map(async (socket): Promise<[SocketName, ProbeResult]> => {
      const address = dialable(endpoint(connection, socket));
      return [socket, await probe(address, { mechanism: 'null' }, socket, { timeout: PROBE_TIMEOUT, signal })];
    }),
  );
  const open = results.filter(([, result]) => result === 'admitted' || result === 'silent');
  if (open.length === 0) return;
  const found = open.map(([socket, result]) => `${socket} ${result === 'admitted' ? 'lets it in' : 'does not answer'}`);
  throw notEnforcedError(`A peer without keys is not refused: ${found.join(', ')}.`, Object.fromEntries(results));
}

/** The error for a kernel that was given keys and does not use them. */
export function notEnforcedError(
  message: string,
  data: Readonly<Record<string, unknown>>,
  cause?: unknown,
): CurveKernelError {
  return new CurveKernelError('encryption-not-enforced', message, {
    hint: 'The kernel was ended. Update it, correct metadata.supported_encryption in its kernel.json, or do without encryption.',
    cause,
    data,
  });
}
