/** The TypeScript kernel as a process that our manager started, its owner's access, and whoever is let in; all of it ends with it. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import type { GrantRequest } from '#src/access/access.js';
import { openAccess, type AccessClient } from '#src/manager/client/access-client.js';
import type { ManagedKernel } from '#src/manager/lifecycle/managed-kernel.js';
import { startKernel, type StartKernelOptions } from '#src/manager/lifecycle/start-kernel.js';
import { createJupyterEnvironment, type JupyterEnvironment } from './jupyter-environment.js';
import { repository } from '../repository.js';
import { KernelClient, type ClientOptions } from './kernel-client.js';

export interface LiveOptions extends Partial<StartKernelOptions> {
  /** Texts for the Jupyter data folder, by name: `access_policy.yaml`, `authorized_clients`, `kernels/NAME/kernel.json`. */
  readonly data?: Readonly<Record<string, string>>;
  /** The kernel is this one behind a relay. Default: none, or that of `JUPYTER_CURVE_TEST_RELAYED`. */
  readonly wrap?: string | undefined;
  /** Further arguments of `wrap`. */
  readonly wrapOptions?: readonly string[];
}

export interface LiveKernel extends AsyncDisposable {
  readonly environment: JupyterEnvironment;
  readonly kernel: ManagedKernel;
  /** The owner's. */
  readonly access: AccessClient;
  /** Lets somebody in, with a pair that the kernel makes. */
  grant(name: string, roles: readonly string[], more?: Partial<GrantRequest>): Promise<ConnectionInfo>;
  /** A client that keeps what it hears. The owner's, by default. */
  connect(connection?: ConnectionInfo, options?: ClientOptions): Promise<KernelClient>;
  /** A connection file outside the runtime folder, for programs that want one. */
  file(name: string, connection: ConnectionInfo): Promise<string>;
  /** Writes a file of the Jupyter data folder. */
  writeData(name: string, text: string): Promise<void>;
  /** Ends the clients, and connects the owner's access again: after a restart. */
  reopen(): Promise<void>;
}

/** Starts a kernel under `required`. Nothing of it is left when it is disposed of. */
export async function startLiveKernel({
  data = {},
  wrap = process.env['JUPYTER_CURVE_TEST_RELAYED'],
  wrapOptions = [],
  ...options
}: LiveOptions = {}): Promise<LiveKernel> {
  const environment = await createJupyterEnvironment();
  const folder = join(environment.env['JUPYTER_DATA_DIR'] ?? '', '.');
  const undo: (() => Promise<unknown>)[] = [() => environment.dispose()];
  const dispose = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  const writeData = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    // In one step: who is busy with a stream may take long between emptying a file and filling it.
    await writeFile(join(folder, `${name}.new`), text, { mode: 0o600 });
    await rename(join(folder, `${name}.new`), join(folder, name));
  };
  const clients = new Set<KernelClient>();
  const hangUp = async (): Promise<void> => {
    for (const client of clients) await client.close();
    clients.clear();
  };
  try {
    for (const [name, text] of Object.entries(data)) await writeData(name, text);
    if (wrap !== undefined) await wrapKernel(environment, wrap, wrapOptions);
    const kernel = await startKernel({
      kernelName: wrap === undefined ? 'typescript' : 'wrapped',
      transportEncryption: 'required',
      cwd: environment.folder,
      ...options,
      env: { ...definedOnly(environment.env), ...options.env },
    });
    undo.push(() => kernel.shutdown());
    const open = async (): Promise<AccessClient> => {
      const secretKey = options.secretBy === 'environment' ? kernel.connection.curve?.secretKey : undefined;
      // A stream of messages to several clients keeps a busy machine from answering for seconds.
      return openAccess(kernel.connectionFile, { timeout: 60_000, ...(secretKey !== undefined && { secretKey }) });
    };
    let access = await open();
    undo.push(() => access.close(), hangUp);
    return {
      environment,
      kernel,
      get access() {
        return access;
      },
      grant: async (name, roles, more = {}) => (await access.grant({ name, roles, ...more })).connection,
      async connect(connection = kernel.connection, clientOptions = {}) {
        const client = await KernelClient.open(connection, clientOptions);
        clients.add(client);
        return client;
      },
      async file(name, connection) {
        const file = join(environment.folder, `${name}.json`);
        await writeConnectionFile(file, connection);
        return file;
      },
      writeData,
      async reopen() {
        await hangUp();
        await access.close();
        access = await open();
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Installs the kernel `wrapped`: that one behind a relay. Returns its folder. */
export async function wrapKernel(
  { env, folder }: Pick<JupyterEnvironment, 'env' | 'folder'>,
  kernel: string,
  options: readonly string[] = [],
): Promise<string> {
  const main = join(repository, 'dist/cli/main.js');
  const place = ['--prefix', join(folder, 'prefix'), '--as', 'wrapped', '--force'];
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'wrap', kernel, ...place, ...options], { env });
  return stdout.trim();
}

/** An environment as the manager takes it. */
export function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
