import { randomUUID } from 'node:crypto';
import { SECRET_VARIABLE, type ConnectionInfo } from '../connection/connection-info.js';
import { readConnectionFile } from '../connection/read-connection-file.js';
import { writeConnectionFile } from '../connection/write-connection-file.js';
import { CurveKernelError } from '../errors.js';
import { secretKeyFromZ85 } from '../keys/curve-pair.js';
import { guardProcess } from '../keys/guard-process.js';
import type { Secret } from '../keys/secret.js';
import type { MessageOrigin } from '../protocol/create-message.js';
import { definedOnly } from '../support/defined-only.js';
import { eraseVariable } from './erase-variable.js';
import type { OpenBackend } from './backend.js';
import { Kernel, type KernelOptions } from './kernel.js';
import { ownProcess } from './own-process.js';

/** Options of {@link serveBackend}. */
export interface ServeBackendOptions
  extends Pick<KernelOptions, 'access' | 'keepBytes' | 'onEvent' | 'onAlarm'>, Partial<Pick<KernelOptions, 'origin'>> {
  /** Refuse to serve without keys. */
  readonly requireEncryption?: boolean;
  /** The environment that {@link SECRET_VARIABLE} is taken and removed from. Default: that of the process. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * This process is nothing but the kernel: its signals and its parent's death are the kernel's, see {@link ownProcess}; and it is
   * guarded, see {@link guardProcess}.
   */
  readonly ownsProcess?: boolean;
  /** Called with an error of the language that no client waits for. */
  readonly onFailure?: (error: unknown) => void;
  /** Ends the kernel. */
  readonly signal?: AbortSignal;
}

/**
 * Serves a backend to the clients of a connection file, encrypted when the connection has keys.
 *
 * `connection` is a connection file, or its contents. Ports that are 0 are chosen, and written back to the file. Resolves when
 * the sockets are bound and, under CURVE, have refused a stranger and a plaintext peer.
 *
 * @throws CurveKernelError 'encryption-required' without keys where they are required; 'connection-file-…' for a file that is
 * missing, unsafe, wrong or holds half a pair; 'address-in-use', 'bind-failed', 'self-check-failed'
 */
export async function serveBackend(
  openBackend: OpenBackend,
  connection: ConnectionInfo | string,
  options: ServeBackendOptions = {},
): Promise<Kernel> {
  if (options.ownsProcess === true) guardProcess();
  const { env = process.env, onFailure = () => undefined, onEvent, onAlarm, access, keepBytes, signal } = options;
  const secretKey = takeSecretKey(env);
  signal?.throwIfAborted();
  const file = typeof connection === 'string' ? connection : undefined;
  const info =
    typeof connection === 'string' ? await readConnectionFile(connection, definedOnly({ secretKey })) : connection;
  checkEncryption(info, options.requireEncryption ?? false);

  const kernel = await Kernel.open({
    connection: info,
    origin: options.origin ?? kernelOrigin(),
    openBackend,
    ...definedOnly({ access, connectionFile: file, keepBytes, onEvent, onAlarm }),
  });
  try {
    if (file !== undefined && Object.values(info.ports).includes(0)) {
      await writeConnectionFile(file, kernel.connection, { omitSecretKey: secretKey !== undefined });
    }
    signal?.throwIfAborted();
  } catch (error) {
    await kernel.close();
    throw error;
  }
  if (options.ownsProcess === true) ownProcess(kernel, env, onFailure);
  signal?.addEventListener('abort', () => void kernel.close(), { once: true });
  return kernel;
}

/** A new session of a kernel. */
export const kernelOrigin = (): MessageOrigin => ({ session: randomUUID(), username: 'kernel' });

/** Takes the secret out of the environment: no process that is started from here on may find it. */
function takeSecretKey(env: NodeJS.ProcessEnv): Secret | undefined {
  const text = env[SECRET_VARIABLE];
  delete env[SECRET_VARIABLE];
  if (env === process.env && text !== undefined) eraseVariable(SECRET_VARIABLE);
  return text === undefined || text === '' ? undefined : secretKeyFromZ85(text, SECRET_VARIABLE);
}

function checkEncryption({ curve }: ConnectionInfo, required: boolean): void {
  if (curve === undefined && required) {
    const problem = 'The connection has no keys, and serving without encryption is not allowed.';
    throw new CurveKernelError('encryption-required', problem, {
      hint: 'Start the kernel by a manager that issues keys, or allow plain text.',
    });
  }
  if (curve !== undefined && curve.secretKey === undefined) {
    throw new CurveKernelError('connection-file-invalid', 'The connection has the public key and not the secret one.', {
      hint: `A kernel needs its secret key, in the file or in ${SECRET_VARIABLE}.`,
    });
  }
}
