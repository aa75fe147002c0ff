import { lstat, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isOwnFolder } from '../keys/out-of-reach.js';
import { readPrivateFile } from '../keys/read-private-file.js';
import { writePrivateFile } from '../keys/write-private-file.js';
import { isJsonObject } from '../protocol/parse-json-frame.js';
import { SOCKET_FOLDER } from './kernel-address.js';
import { makeFolderOf } from './runtime-files.js';
import { isStringList } from './read-kernelspec.js';
import { removeLeftovers } from '../manager/lifecycle/remove-leftovers.js';
import { processRealm, processStart } from '../support/process-start.js';

/** Who owns a kernel, and what is worthless once both are gone. Lies in the runtime folder as long as the kernel runs. */
interface KernelRecord {
  readonly realm: string;
  readonly owner: ProcessId;
  readonly kernel: ProcessId;
  readonly files: readonly string[];
}

interface ProcessId {
  readonly pid: number;
  readonly start: string;
}

/** Where {@link recordKernel} writes. */
export const recordFile = (runtime: string, id: string): string => join(runtime, `jupyter-curve-${id}.json`);

const NAME = /^jupyter-curve-[\w-]+\.json$/;

/**
 * Notes that this process owns a kernel. The watchdog ends a kernel whose owner died; this is for when
 * both were killed, or the machine was switched off: {@link sweepOrphans} of a later manager reads it. Returns how to take it back.
 */
export async function recordKernel(
  runtime: string,
  id: string,
  pid: number,
  files: readonly string[],
): Promise<() => Promise<void>> {
  const [ownerStart, kernelStart] = await Promise.all([processStart(process.pid), processStart(pid)]);
  if (ownerStart === undefined || kernelStart === undefined) return () => Promise.resolve();
  const file = recordFile(runtime, id);
  const record: KernelRecord = {
    realm: await processRealm(),
    owner: { pid: process.pid, start: ownerStart },
    kernel: { pid, start: kernelStart },
    files,
  };
  await makeFolderOf(file);
  await writePrivateFile(file, JSON.stringify(record), { kind: 'connection-file', replace: true });
  return () => removeLeftovers([file]);
}

/**
 * Ends kernels whose manager died without ending them, and removes their files. A process is only touched when its id and its
 * start are those of the record, so never another one that was given the same id later. Nothing is done in a folder that other users can
 * write to, and no file elsewhere is removed: what a record says is done with this user's rights.
 */
export async function sweepOrphans(runtime: string): Promise<void> {
  if (!(await isOwnFolder(runtime))) return;
  for (const [file, record] of await readRecords(runtime)) {
    if (await isRunning(record.owner)) continue;
    if (await isRunning(record.kernel)) endSession(record.kernel.pid);
    const files = await Promise.all(record.files.map(async (one) => ((await isOurs(runtime, one)) ? [one] : [])));
    await removeLeftovers([...files.flat(), file]);
  }
}

/** Whether a path is directly in the runtime folder, or is a folder that was made for sockets, or directly in one. */
async function isOurs(runtime: string, path: string): Promise<boolean> {
  const folder = dirname(path);
  if (resolve(path) !== path) return false;
  if (folder === resolve(runtime)) return true;
  const made = folder === tmpdir() ? path : folder;
  if (dirname(made) !== tmpdir() || !basename(made).startsWith(SOCKET_FOLDER)) return false;
  const isFolder = await lstat(made).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isFolder && (await isOwnFolder(made));
}

/** Whether a kernel that is on record, and runs, has this connection file. */
export async function isKernelsFile(runtime: string, connectionFile: string): Promise<boolean> {
  for (const [, { files, kernel }] of await readRecords(runtime)) {
    if (files.includes(connectionFile) && (await isRunning(kernel))) return true;
  }
  return false;
}

/** What is on record in this realm, by the record's file. */
async function readRecords(runtime: string): Promise<Map<string, KernelRecord>> {
  const realm = await processRealm();
  const records = new Map<string, KernelRecord>();
  const names = await readdir(runtime).catch(() => []);
  for (const file of names.filter((name) => NAME.test(name)).map((name) => join(runtime, name))) {
    const record = await readRecord(file);
    if (record?.realm === realm) records.set(file, record);
  }
  return records;
}

const READ = { kind: 'connection-file', maxBytes: 65_536, ownOnly: true } as const;

/** Undefined for what is being written or removed by another manager, is no record, or could be the work of another user. */
async function readRecord(file: string): Promise<KernelRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readPrivateFile(file, READ));
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is KernelRecord {
  return (
    isJsonObject(value) &&
    typeof value['realm'] === 'string' &&
    isProcessId(value['owner']) &&
    isProcessId(value['kernel']) &&
    isStringList(value['files'])
  );
}

function isProcessId(value: unknown): value is ProcessId {
  // Signalling 0, 1 or a negative number would reach far more than one kernel.
  if (!isJsonObject(value) || typeof value['start'] !== 'string') return false;
  return typeof value['pid'] === 'number' && Number.isSafeInteger(value['pid']) && value['pid'] > 1;
}

async function isRunning({ pid, start }: ProcessId): Promise<boolean> {
  return (await processStart(pid)) === start;
}

function endSession(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
