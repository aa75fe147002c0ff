import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo, Transport } from '../connection/connection-info.js';
import { endpoint } from '../connection/endpoints.js';
import { writeConnectionFile } from '../connection/write-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { expandArgv } from '../launch/expand-argv.js';
import { chooseAddress, type KernelAddress } from '../launch/kernel-address.js';
import { kernelEnvironment } from '../launch/kernel-environment.js';
import { describeConnection, issueKeys } from '../launch/kernel-keys.js';
import type { KernelSpec } from '../launch/kernelspec.js';
import { Cleanup } from '../support/cleanup.js';
import { withoutSpecEnvironment } from '../support/spec-environment.js';
import { errorCode } from '../support/system-error.js';
import { startInnerWatchdog } from './inner-watchdog.js';

/** The end of the inner kernel's process. */
export interface InnerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The kernel behind a relay: a process on this machine, and its connection, which no other process needs to know. */
export interface InnerKernel {
  readonly spec: KernelSpec;
  readonly connection: ConnectionInfo;
  /** The private folder with its connection file, and its sockets unless they are tcp. */
  readonly folder: string;
  /** Resolves, never rejects, once the process has ended and the rest of its group was killed. */
  readonly exited: Promise<InnerEnd>;
  /** Signals the process and its children. Nothing happens once it has ended. */
  signal(name: NodeJS.Signals): void;
  /** Stops the process itself, or has it go on. Nothing happens once it has ended. */
  hold(isHeld: boolean): void;
  /** Kills the process if it still runs, waits for its end, and removes the folder. Never rejects. */
  dispose(): Promise<void>;
}

/** Options of {@link startInnerKernel}. */
export interface InnerKernelOptions {
  readonly spec: KernelSpec;
  /** `tcp`, on loopback, is for kernels that cannot do ipc: every user of this machine can read its iopub. */
  readonly transport: Transport;
  /** The environment of the relay; no secret of the outer connection is passed on. */
  readonly env: NodeJS.ProcessEnv;
  /** The prefix of the Python that the front end runs in, if it is known. */
  readonly prefix?: string;
  /** Appended to the arguments of the kernelspec. */
  readonly extraArguments: readonly string[];
}

/**
 * Starts the process of a kernelspec with keys and a connection file of its own, in a private folder. The process has a session of its own,
 * no standard input, and the output streams and the working directory of this one. When this process dies in any way, it is killed.
 *
 * @throws CurveKernelError `kernelspec-invalid`, `connection-file-…`, `kernel-start-failed`. Nothing is left behind then.
 */
export async function startInnerKernel(options: InnerKernelOptions): Promise<InnerKernel> {
  const { spec, transport, env, extraArguments, prefix } = options;
  await using undo = new Cleanup();
  const folder = await makePrivateFolder(env);
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  undo.defer(removeFolder);
  const watchdog = startInnerWatchdog(folder);
  undo.defer(() => watchdog.release());
  const file = join(folder, 'kernel.json');
  const address = await chooseAddress({ transport, ip: '127.0.0.1' }, file);
  undo.defer(() => address.release());
  const connection = describeConnection(spec.name, address, await issueKeys(false));
  const argv = await expandArgv(spec, file, env, prefix === undefined ? {} : { prefix });
  await writeConnectionFile(file, connection, { exclusive: true });
  await address.release();
  const child = await start([...argv, ...extraArguments], kernelEnvironment(spec, withoutSpecEnvironment(env)));
  watchdog.watch(child);
  undo.cancel();
  const exited = new Promise<InnerEnd>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      signalGroup(child, 'SIGKILL');
      resolve({ code, signal });
    };
    if (child.exitCode !== null || child.signalCode !== null) end(child.exitCode, child.signalCode);
    else child.once('exit', end);
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) signalGroup(child, name);
  };
  const hold = (isHeld: boolean): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill(isHeld ? 'SIGSTOP' : 'SIGCONT');
  };
  const dispose = async (): Promise<void> => {
    signal('SIGKILL');
    await exited;
    await removeFolder().catch(() => undefined);
    watchdog.release();
  };
  return { spec, connection, folder, exited, signal, hold, dispose };
}

/** The longest name that {@link chooseAddress} gives a socket below the folder. */
const LONGEST_SOCKET = 'kernel-ipc';

/** A folder that this user alone can enter, in a place whose name leaves room for the names of sockets. */
async function makePrivateFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const places = [env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp'].filter((place) => place !== undefined && place !== '');
  let failure: unknown;
  for (const place of places) {
    try {
      const draft = join(place ?? '', 'jupyter-curve-relay-');
      checkLength(`${draft}123456`);
      const folder = await mkdtemp(draft);
      await chmod(folder, 0o700);
      return folder;
    } catch (error) {
      failure = error;
    }
  }
  if (isCurveKernelError(failure)) throw failure;
  throw new CurveKernelError(
    'kernel-start-failed',
    `No private folder can be made for the kernel's sockets in ${places.join(', ')} (${errorCode(failure)}).`,
    { hint: 'Set XDG_RUNTIME_DIR or TMPDIR to a folder of your own.', cause: failure },
  );
}

function checkLength(folder: string): void {
  const ports: KernelAddress['ports'] = { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 };
  endpoint({ transport: 'ipc', ip: join(folder, LONGEST_SOCKET), ports }, 'shell');
}

async function start(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    env: { ...env, JPY_PARENT_PID: String(process.pid) },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    windowsHide: true,
  });
  try {
    await once(child, 'spawn');
    return child;
  } catch (cause) {
    const code = errorCode(cause);
    const problem = code === 'ENOENT' ? 'does not exist' : `cannot be started (${code})`;
    throw new CurveKernelError('kernel-start-failed', `The program ${program} of the wrapped kernel ${problem}.`, {
      hint: 'Install the program, or correct argv in the kernel.json of the kernel that was wrapped.',
      cause,
      data: { program },
    });
  }
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // ESRCH: nothing is left to signal. EPERM: only what another user owns, or, on macOS, what has ended.
  }
}
