/** A kernel of a scripted language with its connection file, and what is opened on it; all of it ends with the test. */
import { afterEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import type { Kernel } from '#src/server/kernel.js';
import { serveKernel } from '#src/kernel/serve-kernel.js';
import type { CurvePair } from '#src/keys/curve-pair.js';
import { openAccess, type AccessClient } from '#src/manager/client/access-client.js';
import { KernelClient } from './kernel-client.js';
import { freshConnection, OK, scripted } from './serve.js';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

export interface SharedKernel {
  readonly kernel: Kernel;
  /** The owner's connection file. */
  readonly file: string;
  /** Of the owner. */
  readonly access: AccessClient;
  /** A file for that connection. */
  readonly write: (name: string, connection: ConnectionInfo) => Promise<string>;
  /** The access that a connection gives. */
  readonly openAs: (name: string, connection: ConnectionInfo, client?: CurvePair) => Promise<AccessClient>;
  /** A client that keeps what it hears. */
  readonly connect: (connection: ConnectionInfo) => Promise<KernelClient>;
}

/** Serves a kernel that prints the code it is sent. */
export async function shareKernel(connection?: ConnectionInfo): Promise<SharedKernel> {
  const folder = await mkdtemp(join(tmpdir(), 'jc-access-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const language = scripted(({ code }, cell) => {
    cell.stream('stdout', code);
    return Promise.resolve(OK);
  });
  const kernel = await serveKernel(language, connection ?? (await freshConnection()), { env: {} });
  undo.push(() => kernel.close());
  const write: SharedKernel['write'] = async (name, info) => {
    const file = join(folder, `${name}.json`);
    await writeConnectionFile(file, info);
    return file;
  };
  const open = async (file: string, client?: CurvePair): Promise<AccessClient> => {
    const access = await openAccess(file, client === undefined ? {} : { client });
    undo.push(() => access.close());
    return access;
  };
  const file = await write('kernel', kernel.connection);
  return {
    kernel,
    file,
    access: await open(file),
    write,
    openAs: async (name, info, client) => open(await write(name, info), client),
    connect: async (info) => {
      const client = await KernelClient.open(info);
      undo.push(() => client.close());
      return client;
    },
  };
}
