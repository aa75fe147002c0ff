import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCurveKernelError, type CurveKernelError } from '../errors.js';
import { readPrivateFile } from '../keys/read-private-file.js';
import { jupyterRuntimeFolder } from '../launch/jupyter-paths.js';
import { isRecordName, recordedKernels } from '../launch/kernel-record.js';
import { definedOnly } from '../support/defined-only.js';
import { parseConnectionFacts, type ConnectionFacts } from './connection-facts.js';
import { connectionFileIn, findOwnProcesses, type OwnProcess } from './own-processes.js';

/** A connection file of this user, and the process that was started with it. Whether a kernel answers there is still to be found. */
export interface KernelCandidate {
  readonly file: string;
  readonly facts?: ConnectionFacts;
  /** The reason why the file is not used: it cannot be read, or other users own it or can change it. Nothing is sent to what it names. */
  readonly problem?: CurveKernelError;
  readonly ownProcess?: OwnProcess;
  /** True for a kernel behind a relay: it is reached by the relay alone. */
  readonly isInner: boolean;
}

/** Everything that may be a running kernel of this user. */
export interface Candidates {
  readonly kernels: readonly KernelCandidate[];
  readonly processes: ReadonlyMap<number, OwnProcess>;
  /** Connection files of grants that lie beside those of kernels. */
  readonly grants: readonly KernelCandidate[];
}

/** Options of {@link findCandidates}. */
export interface FindCandidatesOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Also connection files elsewhere, which arguments of this user's processes name (Linux). Default: false. */
  readonly everywhere?: boolean;
}

/**
 * Finds the connection files of this user in Jupyter's runtime folder, and those in the records of jupyter-curve there. Their processes are found by
 * those records and by the arguments of this user's processes (Linux). Sends nothing. Sorted by name.
 */
export async function findCandidates(options: FindCandidatesOptions = {}): Promise<Candidates> {
  const { env = process.env, everywhere = false } = options;
  const runtime = await jupyterRuntimeFolder(env);
  const [names, recorded, processes] = await Promise.all([
    readdir(runtime).catch(() => []),
    recordedKernels(runtime),
    findOwnProcesses(),
  ]);
  const listed = names
    .filter((name) => name.endsWith('.json') && !isRecordName(name))
    .map((name) => join(runtime, name));
  const owners = claimants(processes);
  for (const { pid, connectionFile } of recorded) {
    const ownProcess = processes.get(pid);
    if (ownProcess !== undefined) owners.set(connectionFile, ownProcess);
  }
  const files = new Set([
    ...listed,
    ...recorded.map((one) => one.connectionFile),
    ...(everywhere ? owners.keys() : []),
  ]);
  const read = await Promise.all([...files].toSorted().map((file) => readCandidate(file, owners.get(file), processes)));
  const found = read.filter((one) => one !== undefined);
  return { processes, kernels: found.filter((one) => !isGrant(one)), grants: found.filter(isGrant) };
}

const isGrant = ({ facts }: KernelCandidate): boolean => facts?.grant !== undefined || facts?.keys === 'own-key';

/** The kernels among the processes, by their connection file. Of several with one file, such as a kernel and its manager, it is the last child. */
function claimants(processes: ReadonlyMap<number, OwnProcess>): Map<string, OwnProcess> {
  const found = new Map<string, OwnProcess>();
  for (const ownProcess of processes.values()) {
    const file = connectionFileIn(ownProcess.argv);
    const known = file === undefined ? undefined : found.get(file);
    if (file !== undefined && (known === undefined || ancestors(ownProcess, processes).includes(known)))
      found.set(file, ownProcess);
  }
  return found;
}

function ancestors(ownProcess: OwnProcess, all: ReadonlyMap<number, OwnProcess>): readonly OwnProcess[] {
  const found: OwnProcess[] = [];
  for (let at = all.get(ownProcess.parent); at !== undefined && !found.includes(at); at = all.get(at.parent))
    found.push(at);
  return found;
}

/** Whether a process is a relay: `jupyter-curve relay --connection-file …`. */
export const isRelay = ({ argv }: Pick<OwnProcess, 'argv'>): boolean =>
  argv.includes('relay') && argv.includes('--spec') && connectionFileIn(argv) !== undefined;

const READ = { kind: 'connection-file', maxBytes: 65_536, ownOnly: true, isSecret: () => false } as const;

async function readCandidate(
  file: string,
  ownProcess: OwnProcess | undefined,
  processes: ReadonlyMap<number, OwnProcess>,
): Promise<KernelCandidate | undefined> {
  const isInner = ownProcess !== undefined && ancestors(ownProcess, processes).some(isRelay);
  const common = definedOnly({ file, ownProcess, isInner });
  try {
    return { ...common, facts: await parseConnectionFacts(await readPrivateFile(file, READ), file) };
  } catch (error) {
    if (!isCurveKernelError(error)) throw error;
    // Other files of the folder, such as those of Jupyter servers; those that vanish meanwhile.
    const isOther = error.code === 'connection-file-missing' || error.code === 'connection-file-invalid';
    return isOther && ownProcess === undefined ? undefined : { ...common, problem: error };
  }
}
