import type { ConnectionInfo } from '../connection/connection-info.js';
import { dialable, endpoint } from '../connection/endpoints.js';
import { CurveKernelError } from '../errors.js';
import type { SocketName } from '../protocol/message.js';
import { SOCKET_NAMES } from '../connection/per-socket.js';
import { probe, type ProbeResult } from '../transport/client/probe.js';

/** Milliseconds for a kernel to refuse a plaintext peer. */
const PROBE_TIMEOUT = 5000;

/**
 * Connects to all five sockets of a running kernel as a plaintext peer. A kernelspec only claims encryption, and a kernel that ignores its
 * keys serves every peer. JEP 145 leaves this unchecked.
 *
 * @throws CurveKernelError `encryption-not-enforced` unless every socket refuses; silence is no proof.
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
  const found = open.map(([socket, result]) => `${socket} ${result === 'admitted' ? 'admits it' : 'does not answer'}`);
  throw notEnforcedError(`A peer without keys is not refused: ${found.join(', ')}.`, Object.fromEntries(results));
}

/** The error for a kernel that has keys and does not use them. */
export function notEnforcedError(
  message: string,
  data: Readonly<Record<string, unknown>>,
  cause?: unknown,
): CurveKernelError {
  return new CurveKernelError('encryption-not-enforced', message, {
    hint: 'The kernel was ended. Update it, correct metadata.supported_encryption in its kernel.json, or start it without encryption.',
    cause,
    data,
  });
}
