/** Kernels in the test's own process that are shared with several clients. */
import { afterEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import type { CurvePair } from '#src/keys/curve-pair.js';
import type { Kernel } from '#src/server/kernel.js';
import type { Language } from '#src/kernel/language.js';
import { serveKernel, type ServeOptions } from '#src/kernel/serve-kernel.js';
import type { AccessEvent } from '#src/access/requests/access-event.js';
import type { GrantRequest } from '#src/access/access.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { KernelClient } from './kernel-client.js';
import { freshConnection } from './serve.js';

export interface Shared {
  readonly kernel: Kernel;
  readonly owner: KernelClient;
  readonly events: AccessEvent[];
  /** Grants access, and connects. */
  readonly admit: (name: string, role: string, request?: Partial<GrantRequest>) => Promise<KernelClient>;
  readonly join: (connection: ConnectionInfo, pair?: CurvePair) => Promise<KernelClient>;
}

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Has this done after the test, before what was begun earlier ends. */
export function afterwards(end: () => Promise<unknown>): void {
  ends.push(end);
}

/** A folder that is gone after the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jc-'));
  ends.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A connection file for a kernel that is still to be started. */
export async function freshFile(where: string, name = 'kernel-one.json'): Promise<string> {
  const file = join(where, name);
  await writeConnectionFile(file, await freshConnection());
  return file;
}

/** Serves a language under CURVE, at a connection of its own or that of a file. */
export async function share(language: Language, options: ServeOptions = {}, at?: string): Promise<Shared> {
  const kernel = await serveKernel(language, at ?? (await freshConnection()), { env: {}, ...options });
  ends.push(() => kernel.close());
  const events: AccessEvent[] = [];
  await kernel.access.watch((event) => events.push(event));
  const joinKernel = async (connection: ConnectionInfo, pair?: CurvePair): Promise<KernelClient> => {
    const client = await KernelClient.open(connection, pair === undefined ? {} : { pair });
    ends.push(() => client.close());
    return client;
  };
  return {
    kernel,
    events,
    owner: await joinKernel(kernel.connection),
    join: joinKernel,
    admit: async (name, role, request) =>
      joinKernel((await kernel.access.grant({ name, roles: [role], ...request })).connection),
  };
}

/** How a client that dials now fares: `in`, or the code of the error. */
export async function knock(connection: ConnectionInfo, client?: CurvePair, timeout = 30_000): Promise<string> {
  try {
    const dialer = await openDialer({
      connection,
      ...(client && { client }),
      routingId: 'knock',
      onMessage: () => undefined,
      timeout,
    });
    await dialer.close();
    return 'in';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
