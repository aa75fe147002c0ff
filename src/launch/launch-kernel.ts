import type { ConnectionInfo } from '../connection/connection-info.js';
import { exposeZ85 } from '../keys/curve-pair.js';
import { Cleanup } from '../support/cleanup.js';
import { definedOnly } from '../support/defined-only.js';
import { settlesWithin } from '../support/timers.js';
import type { SecretBy } from './encryption-policy.js';
import { expandArgv, type ExpandArgvOptions } from './expand-argv.js';
import type { KernelAddress } from './kernel-address.js';
import type { KernelConnectionFile } from './kernel-connection-file.js';
import { kernelEnvironment } from './kernel-environment.js';
import { recordFile, recordKernel } from './kernel-record.js';
import type { KernelSpec } from './kernelspec.js';
import { processLauncher, type LaunchedProcess, type Launcher } from './process-launcher.js';
import { removeLeftovers } from './runtime-files.js';

/** Options of {@link launchKernel}. */
export interface LaunchKernelOptions extends ExpandArgvOptions {
  /** Names the kernel's record in the runtime folder. */
  readonly id: string;
  /** Jupyter's runtime folder, where the kernels that run are recorded. */
  readonly runtime: string;
  /** The content of the connection file, with all keys. */
  readonly connection: ConnectionInfo;
  /** The address in it. Its ports are released right before the process starts. */
  readonly address: KernelAddress;
  /** `environment`: the secret key is passed in `JUPYTER_CURVE_SECRETKEY`. */
  readonly secretBy: SecretBy;
  /** The kernel's environment before the kernelspec's own variables. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Default: {@link processLauncher}. */
  readonly launcher?: Launcher | undefined;
  /** Output of the process itself. */
  readonly onOutput?: ((name: 'stdout' | 'stderr', text: string) => void) | undefined;
}

/** The process of a kernel. Keys of its connection are replaced in the end of its standard error. */
export interface LaunchedKernel extends LaunchedProcess {
  /** Kills the process if it still runs, and waits for its end. */
  kill(): Promise<void>;
  /** Removes its sockets, their folder and its record. To be called once it has ended; the connection file stays. */
  cleanUp(): Promise<void>;
}

/** Milliseconds for the system to end a process that was killed. */
const KILL_TIMEOUT = 5000;

/**
 * Starts the process of a kernelspec: expands `argv`, builds the environment, writes the connection file, spawns, and records the process
 * for {@link sweepOrphans}. Returns as soon as the process runs; whether the kernel is ready is for {@link diagnoseStart}.
 *
 * @throws CurveKernelError `kernelspec-invalid`, `connection-file-*`, `kernel-start-failed`. Nothing is left behind then, and the address
 *   is given up.
 */
export async function launchKernel(
  spec: KernelSpec,
  file: KernelConnectionFile,
  options: LaunchKernelOptions,
): Promise<LaunchedKernel> {
  const { id, runtime, connection, address, secretBy, cwd, launcher = processLauncher, onOutput } = options;
  await using undo = new Cleanup();
  undo.defer(() => removeLeftovers(address.folders));
  undo.defer(() => address.release());
  const inEnvironment = secretBy === 'environment';
  const env = kernelEnvironment(spec, options.env, inEnvironment ? connection.curve?.secretKey : undefined);
  const argv = await expandArgv(spec, file.path, options.env, options);
  await file.write(connection, { omitSecretKey: inEnvironment });
  // Not before: until then, what has these names belongs to another process.
  undo.defer(() => removeLeftovers(address.files));
  undo.defer(() => file.remove());
  await address.release();
  const files = [file.path, ...address.files, ...address.folders];
  const leftovers = [...files, recordFile(runtime, id)];
  const process = await launcher.launch(definedOnly({ argv, env, cwd, leftovers, onOutput }));
  const exited = process.exited.then((end) => ({ ...end, stderrTail: hideKeys(end.stderrTail, connection) }));
  const kill = async (): Promise<void> => {
    process.signal('SIGKILL');
    await settlesWithin(exited, KILL_TIMEOUT);
  };
  undo.defer(kill);
  const { pid } = process;
  const removeRecord = pid === undefined ? undefined : await recordKernel(runtime, id, pid, files);
  undo.cancel();
  const cleanUp = async (): Promise<void> => {
    await removeLeftovers([...address.files, ...address.folders]);
    await removeRecord?.();
  };
  return { pid, exited, kill, cleanUp, signal: (name) => process.signal(name) };
}

/** A kernel's last words may quote its connection file. */
function hideKeys(text: string, { key, curve }: ConnectionInfo): string {
  const secret = curve?.secretKey === undefined ? [] : [exposeZ85(curve.secretKey)];
  const keys = [key.exposeText(), ...secret, ...(curve === undefined ? [] : [curve.publicKey])];
  // In JSON, and so in a quoted connection file, Z85 reads the same: it has neither quotes nor backslashes.
  return keys.filter((one) => one !== '').reduce((hidden, one) => hidden.replaceAll(one, () => '[secret]'), text);
}
