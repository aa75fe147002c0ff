import { lstat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isOwnFolder } from '../keys/folder-privacy.js';
import { readPrivateFile } from '../keys/read-private-file.js';
import { writePrivateFile } from '../keys/write-private-file.js';
import { isObject } from '../support/is-object.js';
import { SOCKET_FOLDER_PREFIX } from './kernel-address.js';
import { makeFolderOf, removeLeftovers } from './runtime-files.js';
import { isStringList } from './kernelspec.js';
import { isAlive, isCertainlyAlive, isProcessMark, markProcess, type ProcessMark } from '../support/process-mark.js';

/** A kernel, its manager, and the files to remove when both have ended. Lies in the runtime folder while the kernel runs. */
interface KernelRecord {
  readonly owner: ProcessMark;
  readonly kernel: ProcessMark;
  readonly files: readonly string[];
}

/** The file that {@link recordKernel} writes. */
export const recordFile = (runtime: string, id: string): string => join(runtime, `jupyter-curve-${id}.json`);

const NAME = /^jupyter-curve-[\w-]+\.json$/;

/**
 * Records that this process owns a kernel. The watchdog ends a kernel whose owner died; the record is for the case that both were killed,
 * or the machine was switched off: {@link sweepOrphans} of a later manager reads it. Returns a function that removes the record.
 */
export async function recordKernel(
  runtime: string,
  id: string,
  pid: number,
  files: readonly string[],
): Promise<() => Promise<void>> {
  const [owner, kernel] = await Promise.all([markProcess(), markProcess(pid)]);
  if (!owner?.started || !kernel?.started) return () => Promise.resolve();
  const file = recordFile(runtime, id);
  const record: KernelRecord = { owner, kernel, files };
  await makeFolderOf(file);
  await writePrivateFile(file, JSON.stringify(record), { kind: 'connection-file', replace: true });
  return () => removeLeftovers([file]);
}

/**
 * Ends kernels whose manager died without ending them, and removes their files. A process is only signalled when it is the
 * one of the record for certain, so never another one that got the same id later, here or on another machine. A folder that other users can
 * write to is ignored, and no file elsewhere is removed: a record is acted on with this user's rights.
 */
export async function sweepOrphans(runtime: string): Promise<void> {
  if (!(await isOwnFolder(runtime))) return;
  for (const [file, record] of await readRecords(runtime)) {
    if (await isAlive(record.owner)) continue;
    if (await isCertainlyAlive(record.kernel)) endSession(record.kernel.pid);
    const files = await Promise.all(record.files.map(async (one) => ((await isOurs(runtime, one)) ? [one] : [])));
    await removeLeftovers([...files.flat(), file]);
  }
}

/** True for a path directly in the runtime folder, for a socket folder, and for a path directly in one. */
async function isOurs(runtime: string, path: string): Promise<boolean> {
  const folder = dirname(path);
  if (resolve(path) !== path) return false;
  if (folder === resolve(runtime)) return true;
  const made = folder === tmpdir() ? path : folder;
  if (dirname(made) !== tmpdir() || !basename(made).startsWith(SOCKET_FOLDER_PREFIX)) return false;
  const isFolder = await lstat(made).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isFolder && (await isOwnFolder(made));
}

/** True if a recorded kernel that runs has this connection file. */
export async function isKernelsFile(runtime: string, connectionFile: string): Promise<boolean> {
  for (const [, { files, kernel }] of await readRecords(runtime)) {
    if (files.includes(connectionFile) && (await isCertainlyAlive(kernel))) return true;
  }
  return false;
}

/** A kernel that jupyter-curve started, and that runs. */
export interface RecordedKernel {
  readonly pid: number;
  readonly connectionFile: string;
}

/** The recorded kernels of this machine that run. A folder that other users can write to has none. */
export async function recordedKernels(runtime: string): Promise<readonly RecordedKernel[]> {
  if (!(await isOwnFolder(runtime))) return [];
  const found: RecordedKernel[] = [];
  for (const { files, kernel } of (await readRecords(runtime)).values()) {
    const [connectionFile] = files;
    if (connectionFile !== undefined && (await isCertainlyAlive(kernel)))
      found.push({ pid: kernel.pid, connectionFile });
  }
  return found;
}

/** True for the name of a record, which is no connection file. */
export const isRecordName = (name: string): boolean => NAME.test(name);

async function readRecords(runtime: string): Promise<Map<string, KernelRecord>> {
  const records = new Map<string, KernelRecord>();
  const names = await readdir(runtime).catch(() => []);
  for (const file of names.filter((name) => NAME.test(name)).map((name) => join(runtime, name))) {
    const record = await readRecord(file);
    if (record) records.set(file, record);
  }
  return records;
}

const READ = { kind: 'connection-file', maxBytes: 65_536, ownOnly: true } as const;

/** Undefined for a file that another manager is writing or removing, that is no record, or that another user could have written. */
async function readRecord(file: string): Promise<KernelRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readPrivateFile(file, READ));
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is KernelRecord {
  if (!isObject(value) || !isProcessMark(value['owner']) || !isProcessMark(value['kernel'])) return false;
  // Signalling 0, 1 or a negative number would reach far more than one kernel.
  return value['kernel'].pid > 1 && isStringList(value['files']);
}

function endSession(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}
