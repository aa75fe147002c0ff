import { constants } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startAudit, tipOf, type AuditMoment, type AuditTip } from '../../access/audit-chain.js';
import { isCurveKernelError } from '../../errors.js';

/** An audit file that can be appended to. */
export interface AuditFile {
  readonly handle: FileHandle;
  /** Bytes of whole lines. */
  readonly size: number;
  readonly tip: AuditTip;
  /** Where an audit of that name was put, whose last line is not one. */
  readonly movedTo?: string;
}

const FLAGS =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens an audit (0600) and writes the line that begins a run, after what is there already. A file that does not end with a whole
 * line was cut or tampered with; it is kept under another name, and a new one begun.
 */
export async function openAuditFile(file: string, moment: AuditMoment): Promise<AuditFile> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, FLAGS, 0o600);
  try {
    const last = await lastTip(handle);
    const start = startAudit(moment, last.tip);
    const bytes = Buffer.from(`${start.text}\n`);
    await handle.appendFile(bytes);
    return { handle, size: last.size + bytes.byteLength, tip: start.tip };
  } catch (error) {
    await handle.close();
    if (!isCurveKernelError(error, 'audit-broken')) throw error;
    const movedTo = `${file}.broken-${moment.time.replaceAll(/[^0-9]/g, '')}`;
    await rename(file, movedTo);
    return { ...(await openAuditFile(file, moment)), movedTo };
  }
}

/** A line is at most this long. */
const LONGEST_LINE = 4096;

async function lastTip(handle: FileHandle): Promise<{ readonly size: number; readonly tip?: AuditTip }> {
  const { size } = await handle.stat();
  if (size === 0) return { size };
  const length = Math.min(size, LONGEST_LINE);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString();
  const line = text.endsWith('\n') ? text.slice(0, -1) : 'no whole line';
  return { size, tip: tipOf(line.slice(line.lastIndexOf('\n') + 1)) };
}
