import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAudit, tipOf, type AuditMoment, type AuditTip } from '../../access/audit/audit-chain.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { currentUser } from '../../keys/private-file.js';
import { isAlive, isProcessMark, markProcess, type ProcessMark } from '../../support/process-mark.js';
import { errorCode } from '../../support/system-error.js';

/** An audit file that can be appended to. */
export interface AuditFile {
  readonly handle: FileHandle;
  /** Bytes of whole lines. */
  readonly size: number;
  readonly tip: AuditTip;
  /** Of the last line; none is earlier than the one before it. */
  readonly time: string;
  /** The new path of a file of that name whose last line is no line of an audit. */
  readonly movedTo?: string;
  /** Others may write into it from then on. */
  readonly close: () => Promise<void>;
}

const FLAGS =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens an audit (0600) and writes the line that begins a run, after what is there already. A file that does not end with a whole
 * line was cut or tampered with; it is kept under another name, and a new one begun.
 *
 * @throws CurveKernelError 'grant-failed' for a file that others have too, by owner, hard link or as a pipe, and while another kernel
 * writes into it; what the file system says
 */
export async function openAuditFile(file: string, moment: AuditMoment): Promise<AuditFile> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, FLAGS, 0o600);
  let unlock: (() => Promise<void>) | undefined;
  const close = async (): Promise<void> => {
    await handle.close().catch(() => undefined);
    await unlock?.().catch(() => undefined);
  };
  try {
    if (await isOurs(handle, file)) unlock = await lockAudit(file);
    const last = await lastTip(handle);
    const time = latest(moment.time, last.time);
    const start = startAudit({ ...moment, time }, last.tip);
    const bytes = Buffer.from(`${start.text}\n`);
    await handle.appendFile(bytes);
    return { handle, size: last.size + bytes.byteLength, tip: start.tip, time, close };
  } catch (error) {
    await close();
    if (!isCurveKernelError(error, 'audit-broken')) throw error;
    const movedTo = `${file}.broken-${moment.time.replaceAll(/[^0-9]/g, '')}`;
    await rename(file, movedTo);
    return { ...(await openAuditFile(file, moment)), movedTo };
  }
}

/** The later of two times in ISO 8601. */
export const latest = (a: string, b = ''): string => (a > b ? a : b);

/** True if the file at that path is still this audit, and holds what was written into it and nothing else. */
export async function isAsLeft(file: string, { handle, size }: AuditFile): Promise<boolean> {
  const there = await lstat(file).catch(() => undefined);
  const ours = await handle.stat();
  if (there?.ino !== ours.ino || there.dev !== ours.dev) return false;
  return !ours.isFile() || (ours.nlink === 1 && ours.size === size);
}

/** True for a file of this user alone, which no other user may read from now on. False for a device, such as `/dev/null`. */
async function isOurs(handle: FileHandle, file: string): Promise<boolean> {
  const status = await handle.stat();
  if (status.isCharacterDevice()) return false;
  const user = currentUser();
  if (!status.isFile() || status.nlink !== 1 || (user !== undefined && status.uid !== user)) {
    throw new CurveKernelError('grant-failed', `The audit ${basename(file)} is not a file of this user alone.`, {
      hint: 'Give the kernel another place for it, or find out who put there what is there.',
    });
  }
  if ((status.mode & 0o077) !== 0) await handle.chmod(0o600);
  return true;
}

/** A line is at most this long. */
const MAX_LINE_LENGTH = 4096;

interface LastLine {
  readonly size: number;
  readonly tip?: AuditTip;
  readonly time?: string;
}

async function lastTip(handle: FileHandle): Promise<LastLine> {
  const { size } = await handle.stat();
  if (size === 0) return { size };
  const length = Math.min(size, MAX_LINE_LENGTH);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString();
  const lines = text.endsWith('\n') ? text.slice(0, -1) : 'no whole line';
  const line = lines.slice(lines.lastIndexOf('\n') + 1);
  const tip = tipOf(line);
  const { time }: { readonly time?: unknown } = JSON.parse(line);
  return { size, tip, ...(typeof time === 'string' && { time }) };
}

/** Milliseconds within which the maker of a lock has also written its process mark. */
const WRITING = 100;

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Takes an audit for one kernel, by a file beside it: two that append to one file destroy each other's chain. Resolves with how to give
 * it back. What a killed kernel left is taken over.
 *
 * @throws CurveKernelError 'grant-failed' while another kernel has it; what the file system says
 */
async function lockAudit(file: string): Promise<() => Promise<void>> {
  const lock = `${file}.lock`;
  const mark = JSON.stringify(await markProcess());
  for (let tries = 0; tries < 2; tries++) {
    try {
      await writeFile(lock, mark, { flag: 'wx', mode: 0o600 });
      return () => rm(lock, { force: true });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = (await readMark(lock)) ?? (await sleep(WRITING).then(async () => readMark(lock)));
    if (holder && (await isAlive(holder))) break;
    await rm(lock, { force: true });
  }
  throw new CurveKernelError('grant-failed', `Another kernel writes into the audit ${basename(file)}.`, {
    hint: `Give each kernel an audit of its own; if there is no other, remove ${lock}.`,
  });
}

async function readMark(lock: string): Promise<ProcessMark | undefined> {
  try {
    // What is no file may never say anything.
    const handle = await open(lock, READ_FLAGS);
    try {
      const mark: unknown = JSON.parse((await handle.stat()).isFile() ? await handle.readFile('utf8') : '');
      return isProcessMark(mark) ? mark : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
