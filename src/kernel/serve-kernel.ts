import type { ConnectionInfo } from '../connection/connection-info.js';
import type { OpenBackend } from '../server/backend.js';
import type { Kernel } from '../server/kernel.js';
import { kernelOrigin, serveBackend, type ServeBackendOptions } from '../server/serve-backend.js';
import type { Language } from './language.js';
import { openLanguageBackend } from './language-backend.js';

/** Options of {@link serveKernel}: those of any backend, see {@link ServeBackendOptions}. */
export type ServeOptions = Omit<ServeBackendOptions, 'origin'>;

/**
 * Makes a language a Jupyter kernel, encrypted when the connection has keys.
 *
 * `connection` is a connection file, or its contents. Resolves and throws as {@link serveBackend} does; the language starts meanwhile.
 */
export async function serveKernel(
  language: Language,
  connection: ConnectionInfo | string,
  options: ServeOptions = {},
): Promise<Kernel> {
  const { onFailure = () => undefined } = options;
  const origin = kernelOrigin();
  const openBackend: OpenBackend = (outlet) => openLanguageBackend(language, outlet, { origin, onFailure });
  return serveBackend(openBackend, connection, { ...options, origin });
}
