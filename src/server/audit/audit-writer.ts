import { basename } from 'node:path';
import { appendAudit, endAudit } from '../../access/audit/audit-chain.js';
import { createAuditCollapse } from '../../access/audit/audit-collapse.js';
import type { AuditRecord } from '../../access/audit/audit-record.js';
import { isCurveKernelError } from '../../errors.js';
import { errorCode } from '../../support/system-error.js';
import type { Alarm } from './journal.js';
import { isAsLeft, latest, openAuditFile, type AuditFile } from './audit-file.js';

/** Records that wait while the disk is full; the oldest are given up beyond it. */
const MAX_WAITING = 10_000;
/** Milliseconds between two looks at floods that have ended, and two tries when the disk is full. */
const TICK = 1_000;

/**
 * Appends events to an audit, in their order, each as a line of a hash chain; like ones in a flood as one. The file is made for the first
 * event that every kernel does not have, with what came before it.
 */
export class AuditWriter {
  readonly #path: string;
  readonly #kernel: string;
  readonly #alarm: (alarm: Alarm) => void;
  readonly #collapse = createAuditCollapse();
  #waiting: AuditRecord[] = [];
  #file: AuditFile | undefined;
  #failure: unknown;
  #begun = false;
  /** The latest time of an event so far, and whether the clock is known to be behind it. */
  #latest = '';
  #isBack = false;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Writes about the kernel of that name. `alarm` is called when it cannot be written, once until it can be again; when a file of that name is
   * not as it should be; and when the clock was set back.
   */
  constructor(path: string, kernel: string, alarm: (alarm: Alarm) => void) {
    this.#path = path;
    this.#kernel = kernel;
    this.#alarm = alarm;
  }

  /** The error of the last attempt to write, if it failed. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Takes an event. It is written soon; see {@link written}. */
  take(record: AuditRecord): void {
    this.#begun ||= !isCommon(record);
    this.#checkClock(record.time);
    this.#waiting.push(...this.#collapse.add(record, performance.now()));
    if (this.#waiting.length > MAX_WAITING) this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);
    if (!this.#begun) return;
    this.#timer ??= setInterval(() => this.#tick(), TICK).unref();
    if (this.#failure === undefined) void this.#write();
  }

  /** Resolves when everything taken so far is in the file. Rejects with what keeps it out. */
  async written(): Promise<void> {
    if (!this.#begun) return;
    await this.#write();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes what is left, ends the run, and makes sure of the disk. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#waiting.push(...this.#collapse.flush(Infinity, new Date().toISOString()));
    if (this.#begun) await this.#write();
    const file = this.#file;
    if (!file) return;
    if (this.#failure === undefined) {
      const time = latest(new Date().toISOString(), file.time);
      const { text } = endAudit(file.tip, { kernel: this.#kernel, time });
      await file.handle.appendFile(`${text}\n`).catch(() => undefined);
      await file.handle.datasync().catch(() => undefined);
    }
    await file.close();
    this.#file = undefined;
  }

  #tick(): void {
    this.#waiting.push(...this.#collapse.flush(performance.now(), new Date().toISOString()));
    if (this.#waiting.length > 0) void this.#write();
  }

  /** Times in the file never go back, so what a clock says that was set back is not in it. */
  #checkClock(time: string): void {
    const behind = Date.parse(this.#latest) - Date.parse(time);
    if (!(behind > 0)) {
      this.#latest = time;
      this.#isBack = false;
    } else if (behind >= 1_000 && !this.#isBack) {
      this.#isBack = true;
      const seconds = Math.round(behind / 1_000);
      const message = `The clock was set back by ${seconds} s; the audit goes on with the time of the last row.`;
      this.#alarm({ message, hint: CLOCK_HINT });
    }
  }

  /** One at a time: what comes in the meantime is written by the same call. */
  async #write(): Promise<void> {
    do {
      await (this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined)));
    } while (this.#waiting.length > 0 && this.#failure === undefined);
  }

  async #writeAll(): Promise<void> {
    // In a later turn, so that events of one moment are one write.
    await Promise.resolve();
    try {
      if (this.#file && !(await isAsLeft(this.#path, this.#file))) await this.#lose(this.#file);
      if (!this.#file) {
        // What waits happened before the file was there.
        const time = this.#waiting[0]?.time ?? new Date().toISOString();
        this.#file = await openAuditFile(this.#path, { kernel: this.#kernel, time });
        const { movedTo } = this.#file;
        if (movedTo !== undefined) {
          this.#alarm({ message: `The audit was broken, and is kept as ${basename(movedTo)}.`, hint: KEEP_HINT });
        }
      }
      while (this.#waiting.length > 0) await this.#append(this.#file);
      this.#failure = undefined;
    } catch (error) {
      const known = this.#failure !== undefined;
      this.#failure = error;
      if (!known) this.#alarm(unwritableAlarm(error));
    }
  }

  /** The alarm about the loss is the first line that is written after it. */
  async #lose(file: AuditFile): Promise<void> {
    this.#file = undefined;
    await file.close();
    const waiting = this.#waiting;
    this.#waiting = [];
    const { seq, hash } = file.tip;
    const message = `The audit was removed, replaced or added to; it was whole up to ${seq}:${hash}.`;
    this.#alarm({ message, hint: KEEP_HINT });
    this.#waiting.push(...waiting);
  }

  async #append(file: AuditFile): Promise<void> {
    const records = this.#waiting;
    let { tip, time } = file;
    let text = '';
    for (const record of records) {
      time = latest(record.time, time);
      const line = appendAudit(tip, { ...record, time });
      tip = line.tip;
      text += `${line.text}\n`;
    }
    const bytes = Buffer.from(text);
    this.#waiting = [];
    try {
      await file.handle.appendFile(bytes);
    } catch (error) {
      // A disk that is full takes the half of it, and half a line would break the chain.
      await file.handle.truncate(file.size).catch(() => undefined);
      this.#waiting = [...records, ...this.#waiting];
      throw error;
    }
    this.#file = { ...file, tip, time, size: file.size + bytes.byteLength };
  }
}

const CLOCK_HINT = 'Check the clock of this machine; rows have their real time again when it is past that of the last.';
const KEEP_HINT = 'Keep what is there, and find out which program changed it.';
const ROOM_HINT = 'Make room for it, or give the kernel another place for it with --audit.';

function unwritableAlarm(error: unknown): Alarm {
  const isOwn = isCurveKernelError(error);
  const reason = isOwn ? error.message : `${errorCode(error)}.`;
  const message = `The audit cannot be written, so no new client is admitted: ${reason}`;
  return { message, hint: isOwn ? error.hint : ROOM_HINT };
}

/** Events that every kernel has: the owner comes and goes, and a manager checks that a peer without a key is refused. */
function isCommon({ event, identity, fingerprint }: AuditRecord): boolean {
  if (event === 'refuse') return fingerprint === undefined;
  return identity === 'owner' && (event === 'accept' || event === 'leave');
}
