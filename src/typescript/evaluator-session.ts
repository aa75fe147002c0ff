import { CurveKernelError } from '../errors.js';
import type { CellContext, ExecuteOutcome, ExecuteRequest } from '../kernel/language.js';
import type { JsonObject } from '../protocol/message.js';
import { onAbort } from '../support/abort.js';
import { deferred } from '../support/deferred.js';
import { answerQuestion, deliverOutput } from './cell-messages.js';
import type { CellRegistry } from './cell-registry.js';
import { lossBeforeNotice, lossNotice, lostOutcome } from './evaluator-loss.js';
import { EvaluatorProcess, type EvaluatorEnd, type EvaluatorProcessOptions } from './evaluator-process.js';
import type { EvaluatorMessage, EvaluatorRequest } from './pipe/pipe-messages.js';

/** The process to start, the cells that its output goes to, and the signal that ends it. */
export interface SessionOptions extends Omit<EvaluatorProcessOptions, 'onMessage' | 'onRawOutput'> {
  readonly cells: CellRegistry;
  readonly closing: AbortSignal;
}

/** A question about runtime values. */
export type Lookup =
  | Omit<Extract<EvaluatorRequest, { type: 'members' }>, 'id'>
  | Omit<Extract<EvaluatorRequest, { type: 'describe' }>, 'id'>;
/** The evaluator's answer to a {@link Lookup}. */
export type LookupReply = MessageOf<'members' | 'description'>;

type MessageOf<Type extends EvaluatorMessage['type']> = Extract<EvaluatorMessage, { type: Type }>;

interface Execution {
  /** The pages that its reply carries (Jupyter messaging, “Payloads”). */
  readonly payload: JsonObject[];
  isInterrupted: boolean;
  readonly resolve: (outcome: ExecuteOutcome) => void;
}

/** Milliseconds that completion and inspection wait for a process whose cell is busy. */
const LOOK_UP_TIMEOUT = 200;

/** One evaluator process and the work that it was given, from its start to its end. */
export class EvaluatorSession {
  /** Resolves when the process takes requests. Rejects with 'evaluator-failed' when it ended before. */
  readonly ready: Promise<void>;
  readonly #process: EvaluatorProcess;
  readonly #cells: CellRegistry;
  readonly #running = new Map<number, Execution>();
  readonly #lookups = new Map<number, (reply: LookupReply) => void>();
  #isReady = false;
  #isUsed = false;
  /** Text on descriptors 1 and 2 before the process was ready. */
  #earlyOutput = '';
  /** The number of the last lookup or interrupt. */
  #number = 0;
  /** The number of the last interrupt that the process has handled. */
  #interruptSeen = 0;
  /** The cell whose child writes to descriptors 1 and 2 now, or 0. */
  #writing = 0;
  /** Sent by a cell that is about to end the process. */
  #exiting: MessageOf<'exiting'> | undefined;

  /** Starts the process. */
  constructor({ cells, closing, ...options }: SessionOptions) {
    const ready = deferred<void>();
    this.ready = ready.promise;
    this.#cells = cells;
    this.#process = new EvaluatorProcess({
      ...options,
      onMessage: (message, buffers) => {
        if (message.type !== 'ready') this.#receive(message, buffers);
        else if (!this.#process.isGone) {
          this.#isReady = true;
          ready.resolve();
        }
      },
      onRawOutput: (name, text) => {
        if (!this.#isReady) this.#earlyOutput += text;
        else cells.find(this.#exiting?.cell ?? this.#writing)?.stream(name, text);
      },
    });
    const stop = onAbort(closing, () => this.#process.kill('the kernel was closed'));
    const watch = async (): Promise<void> => {
      const end = await this.ended;
      stop();
      if (!this.#isReady) ready.reject(startError(end, this.#earlyOutput));
    };
    watch().catch(ready.reject);
  }

  /** Resolves when the process is gone and everything it wrote was read. */
  get ended(): Promise<EvaluatorEnd> {
    return this.#process.ended;
  }

  /** Whether the process has ended. Its last output may still be on its way; see {@link ended}. */
  get isGone(): boolean {
    return this.#process.isGone;
  }

  /** Whether the process has been given a cell. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Runs a cell. Resolves when it has ended, or when the process has: see {@link end}. */
  async execute(request: ExecuteRequest, cell: CellContext): Promise<ExecuteOutcome> {
    this.#isUsed = true;
    const id = this.#cells.add(cell);
    const { code, executionCount, silent, userExpressions } = request;
    return await new Promise((resolve) => {
      this.#running.set(id, { payload: [], isInterrupted: false, resolve });
      this.#process.send({ type: 'execute', id, code, executionCount, silent, userExpressions });
    });
  }

  /** Resolves to undefined when there is no answer in time. */
  async lookUp(question: Lookup, signal: AbortSignal): Promise<LookupReply | undefined> {
    const id = ++this.#number;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_TIMEOUT)]);
    try {
      return await new Promise((resolve) => {
        this.#lookups.set(id, resolve);
        inTime.addEventListener('abort', () => resolve(undefined), { once: true });
        this.#process.send({ ...question, id });
      });
    } finally {
      this.#lookups.delete(id);
    }
  }

  /** Interrupts what runs, through both threads of the process. Kills the process when it has not handled that in `timeout` milliseconds. */
  interrupt(timeout: number): void {
    const number = ++this.#number;
    const interrupt = { type: 'interrupt', number, executions: [...this.#running.keys()] } as const;
    for (const each of this.#running.values()) each.isInterrupted = true;
    this.#process.send(interrupt);
    this.#process.control(interrupt);
    const killIfStuck = async (): Promise<void> => {
      // On a busy machine its answer may have waited for us.
      await this.#process.drain();
      if (this.#interruptSeen < number) this.#process.kill(`it could not be interrupted within ${timeout / 1000} s`);
    };
    const timer = setTimeout(() => void killIfStuck(), timeout);
    timer.unref();
    void this.ended.then(() => clearTimeout(timer));
  }

  /**
   * Ends the cells that ran in the process, which is gone. Unless the kernel ends, it says under a cell that has ended that the process was lost:
   * the cell that is the cause, where that is known, or else the last. Cells that run are told by their outcome instead. Returns the notice
   * for the next cell, where no cell ran.
   */
  end(end: EvaluatorEnd, isTold: boolean): string | undefined {
    const { cell: cause = 0, code: exitCode } = this.#exiting ?? {};
    const running = new Map(this.#running);
    for (const { isInterrupted, resolve } of running.values()) resolve(lostOutcome(end, { exitCode, isInterrupted }));
    this.#running.clear();
    this.#exiting = undefined;
    this.#writing = 0;
    if (!isTold || running.has(cause) || (cause === 0 && running.size > 0)) return undefined;
    this.#cells.find(cause)?.stream('stderr', `${lossNotice(end, { exitCode })}\n`);
    return running.size === 0 ? `${lossBeforeNotice(end, { exitCode })}\n` : undefined;
  }

  #receive(message: Exclude<EvaluatorMessage, MessageOf<'ready'>>, buffers: readonly Uint8Array[]): void {
    switch (message.type) {
      case 'done':
        void this.#process.drain().then(() => this.#finish(message));
        break;
      case 'outputBarrier':
        void this.#passBarrier(message);
        break;
      case 'page':
        this.#showPage(message);
        break;
      case 'input':
        void answerQuestion(message, this.#cells).then((answer) =>
          message.blocking ? this.#process.control(answer) : this.#process.send(answer),
        );
        break;
      case 'interrupted':
        this.#interruptSeen = Math.max(this.#interruptSeen, message.number);
        break;
      case 'exiting':
        this.#exiting = message;
        break;
      case 'members':
      case 'description':
        this.#lookups.get(message.id)?.(message);
        break;
      case 'stream':
      case 'display':
      case 'error':
      case 'clear':
      case 'publish':
        deliverOutput(message, buffers, this.#cells.find(message.cell));
    }
  }

  #finish({ id, result, error, userExpressions }: MessageOf<'done'>): void {
    if (result !== undefined) this.#cells.find(id)?.result(result.data, result.metadata);
    const { payload = [], resolve } = this.#running.get(id) ?? {};
    this.#running.delete(id);
    if (this.#writing === id) this.#writing = 0;
    if (error === undefined) resolve?.({ status: 'ok', userExpressions, payload });
    else resolve?.({ status: 'error', ename: error.ename, evalue: error.evalue, traceback: error.traceback });
  }

  async #passBarrier({ number, cell }: MessageOf<'outputBarrier'>): Promise<void> {
    await this.#process.drain();
    this.#writing = cell;
    this.#process.control({ type: 'outputBarrier', number });
  }

  /** Once the cell has its reply, its pages are shown as output. */
  #showPage({ cell, data }: MessageOf<'page'>): void {
    const execution = this.#running.get(cell);
    if (execution === undefined) this.#cells.find(cell)?.display(data);
    else execution.payload.push({ source: 'page', data, start: 0 });
  }
}

function startError({ code, signal, reason }: EvaluatorEnd, output: string): CurveKernelError {
  const how = reason ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
  return new CurveKernelError('evaluator-failed', `The process that runs cells ended before it was ready: ${how}.`, {
    hint: output.trim() === '' ? 'Check the Node binary and its arguments.' : `It said: ${output.trim().slice(-1000)}`,
  });
}
