import { appendAudit, endAudit, type AuditTip } from '../../access/audit/audit-chain.js';
import { createAuditCollapse } from '../../access/audit/audit-collapse.js';
import type { AuditRecord } from '../../access/audit/audit-record.js';
import { isAsLeft, latest, openAuditFile, type AuditFile } from './audit-file.js';

/** Options of {@link AuditWriter}. */
export interface AuditWriterOptions {
  readonly file: string;
  /** The kernel's name in it. */
  readonly kernel: string;
  /** Called when it cannot be written, with the system's error; once until it can be written again. */
  readonly onFailure: (error: unknown) => void;
  /** Called when a file of that name was no whole audit, and has been kept under another name. */
  readonly onBroken: (movedTo: string) => void;
  /** Called when the file was removed, replaced or written into by another process, before it is opened anew. */
  readonly onLost: (tip: AuditTip) => void;
  /** Called when an event has an earlier time than the one before it, with by how much; once until the clock is where it was. */
  readonly onClockBack: (seconds: number) => void;
}

/** Records that wait while the disk is full; the oldest are given up beyond it. */
const MAX_WAITING = 10_000;
/** Milliseconds between two looks at floods that have ended, and two tries when the disk is full. */
const TICK = 1_000;

/**
 * Appends events to an audit, in their order, each as a line of a hash chain; like ones in a flood as one. The file is made for the first
 * event that every kernel does not have, with what came before it.
 */
export class AuditWriter {
  readonly #options: AuditWriterOptions;
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

  constructor(options: AuditWriterOptions) {
    this.#options = options;
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
      const { text } = endAudit(file.tip, { kernel: this.#options.kernel, time });
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
      this.#options.onClockBack(Math.round(behind / 1_000));
    }
  }

  /** One at a time: what comes in the meantime is written by the same call. */
  async #write(): Promise<void> {
    do {
      await (this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined)));
    } while (this.#waiting.length > 0 && this.#failure === undefined);
  }

  async #writeAll(): Promise<void> {
    const { file: path, kernel, onFailure, onBroken } = this.#options;
    // In a later turn, so that events of one moment are one write.
    await Promise.resolve();
    try {
      if (this.#file && !(await isAsLeft(path, this.#file))) await this.#lose(this.#file);
      if (!this.#file) {
        // What waits happened before the file was there.
        const time = this.#waiting[0]?.time ?? new Date().toISOString();
        this.#file = await openAuditFile(path, { kernel, time });
        if (this.#file.movedTo !== undefined) onBroken(this.#file.movedTo);
      }
      while (this.#waiting.length > 0) await this.#append(this.#file);
      this.#failure = undefined;
    } catch (error) {
      const known = this.#failure !== undefined;
      this.#failure = error;
      if (!known) onFailure(error);
    }
  }

  /** The alarm about the loss is the first line that is written after it. */
  async #lose(file: AuditFile): Promise<void> {
    this.#file = undefined;
    await file.close();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#options.onLost(file.tip);
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

/** Events that every kernel has: the owner comes and goes, and a manager checks that a peer without a key is refused. */
function isCommon({ event, identity, fingerprint }: AuditRecord): boolean {
  if (event === 'refuse') return fingerprint === undefined;
  return identity === 'owner' && (event === 'accept' || event === 'leave');
}
