import type { ConnectionInfo } from '../connection/connection-info.js';
import type { Kernel } from '../server/kernel.js';
import { kernelOrigin, serveBackend, type ServeBackendOptions } from '../server/serve-backend.js';
import { startOnce } from '../support/start-once.js';
import type { Language } from './language.js';
import { openLanguageBackend } from './language-backend.js';

/** How a kernel is served: as any backend, see {@link ServeBackendOptions}. */
export type ServeOptions = Omit<ServeBackendOptions, 'origin'>;

/**
 * Makes a language a Jupyter kernel, encrypted when the connection has keys.
 *
 * `connection` is a connection file, or its contents. Resolves and throws as {@link serveBackend} does; the language starts beside that.
 */
export async function serveKernel(
  language: Language,
  connection: ConnectionInfo | string,
  options: ServeOptions = {},
): Promise<Kernel> {
  const { onFailure = () => undefined } = options;
  const origin = kernelOrigin();
  const ready = startOnce(async () => language.start?.());
  return serveBackend((outlet) => openLanguageBackend(language, outlet, { origin, ready, onFailure }), connection, {
    ...options,
    origin,
  });
}
