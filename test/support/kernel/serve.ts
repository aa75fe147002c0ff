/** Kernels of a scripted language, with their clients, in the test's own process; closed by {@link closeAll}. */
import { afterEach } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import type { Kernel } from '#src/server/kernel.js';
import type { CellContext, ExecuteOutcome, ExecuteRequest, Language } from '#src/kernel/language.js';
import { serveKernel, type ServeOptions } from '#src/kernel/serve-kernel.js';
import { generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import { KernelClient } from './kernel-client.js';

export const OK: ExecuteOutcome = { status: 'ok' };
export const FAILED: ExecuteOutcome = {
  status: 'error',
  ename: 'Oops',
  evalue: 'it broke',
  traceback: ['Oops: it broke'],
};

export const INFO: Language['info'] = {
  implementation: 'scripted',
  implementation_version: '1.0',
  banner: 'A language for tests',
  language_info: { name: 'scripted', version: '1.0', mimetype: 'text/plain', file_extension: '.txt' },
};

export type Execute = (request: ExecuteRequest, cell: CellContext) => Promise<ExecuteOutcome>;

/** A language that does what the test says. */
export function scripted(execute: Execute, more: Partial<Language> = {}): Language {
  return { info: INFO, execute, ...more };
}

export interface Served {
  readonly kernel: Kernel;
  readonly client: KernelClient;
}

const opened = new Set<{ close(): Promise<void> }>();

afterEach(async () => {
  const all = [...opened].toReversed();
  opened.clear();
  for (const one of all) await one.close();
});

/** Where a kernel under CURVE may listen. */
export async function freshConnection(): Promise<ConnectionInfo> {
  return {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: { shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 },
    key: Secret.fromText(randomUUID()),
    signatureScheme: 'hmac-sha256',
    curve: await generateCurvePair(),
    extra: {},
  };
}

/** Serves a language over CURVE, with one client. */
export async function serve(language: Language, options: ServeOptions = {}): Promise<Served> {
  const kernel = await serveKernel(language, await freshConnection(), { env: {}, ...options });
  opened.add(kernel);
  return { kernel, client: await connect(kernel) };
}

/** One more client. */
export async function connect(kernel: Kernel): Promise<KernelClient> {
  const client = await KernelClient.open(kernel.connection);
  opened.add(client);
  return client;
}

/** A promise, and the ways to settle it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const events = new EventTarget();
  const passed = new Promise<void>((resolve) => events.addEventListener('open', () => resolve(), { once: true }));
  return { passed, open: () => void events.dispatchEvent(new Event('open')) };
}

/** Waits until the signal is aborted, and throws its reason. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason;
}
