/** The evaluator as the kernel sees it: one that is always there, whatever becomes of the process behind it. */
import { CurveKernelError } from '../errors.js';
import type { JsonObject } from '../protocol/message.js';
import type { Cell, ExecuteOutcome, ExecuteRequest } from '../kernel/language.js';
import { answerQuestion } from './answer-question.js';
import type { CellRegistry } from './cell-registry.js';
import { deliverOutput } from './deliver-output.js';
import { accountEnvironment, findAccount } from './evaluator-account.js';
import { evaluatorCommand, evaluatorEnvironment } from './evaluator-command.js';
import { EvaluatorProcess, type Ending } from './evaluator-process.js';
import { endedOutcome, lossBeforeNotice, lossNotice } from './ended-outcome.js';
import type { EvaluatorMessage, EvaluatorRequest } from './pipe/pipe-messages.js';
import { startFailure } from './start-failure.js';
import { orAborted } from '../support/abort.js';

/** How evaluators are started: the fields are those of `TypeScriptOptions`, with the cells that output goes to. */
export interface EvaluatorOptions {
  readonly cells: CellRegistry;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly execPath?: string;
  readonly evaluatorArguments?: readonly string[];
  readonly interruptTimeout?: number;
  readonly user?: string;
}

/** A question about runtime values. */
export type Lookup =
  | Omit<Extract<EvaluatorRequest, { type: 'members' }>, 'id'>
  | Omit<Extract<EvaluatorRequest, { type: 'describe' }>, 'id'>;
/** What the evaluator found for a {@link Lookup}. */
export type LookupReply = Extract<EvaluatorMessage, { type: 'members' | 'description' }>;

/** Runs cells in a process that is replaced whenever it ends; the cells that it did not finish then end as `EvaluatorLost`. */
export interface Evaluator {
  /** Resolves when a process is ready. Rejects with 'evaluator-failed'. */
  start(): Promise<void>;
  /** Rejects with 'evaluator-failed', and with the reason of the cell's signal when that is aborted before there is a process. */
  execute(request: ExecuteRequest, cell: Cell): Promise<ExecuteOutcome>;
  /** Resolves to undefined when there is no answer in time: before the process is ready, or while a cell keeps it busy. */
  lookUp(question: Lookup, signal: AbortSignal): Promise<LookupReply | undefined>;
  /** Stops what runs; replaces the process when that does not work. */
  interrupt(): Promise<void>;
  /** Ends the process and everything that cells have started. */
  close(): Promise<void>;
}

type Done = Extract<EvaluatorMessage, { type: 'done' }>;

interface Running {
  readonly process: EvaluatorProcess;
  /** What its reply carries for the pager (Jupyter messaging, “Payloads”). */
  readonly payload: JsonObject[];
  isInterrupted: boolean;
  resolve(outcome: ExecuteOutcome): void;
}

/** How long completion and inspection wait for a process whose cell is busy, in milliseconds. */
const LOOK_UP_MS = 200;

/** An evaluator without a process: `start`, or the first cell, launches one. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { cells, cwd = process.cwd(), env = process.env, execPath = process.execPath } = options;
  const { evaluatorArguments = [], interruptTimeout = 5000 } = options;
  const running = new Map<number, Running>();
  const lookups = new Map<number, (reply: LookupReply) => void>();
  const closing = new AbortController();
  let ready: EvaluatorProcess | undefined;
  let starting: Promise<EvaluatorProcess> | undefined;
  let numbers = 0;
  let interruptSeen = 0;
  /** The cell whose child writes to descriptors 1 and 2 now, or 0. */
  let writing = 0;
  /** What a cell said before it ended the process. */
  let exiting: Extract<EvaluatorMessage, { type: 'exiting' }> | undefined;
  /** How the process was lost, where that happened between cells: for the next cell that shows anything. */
  let loss: string | undefined;
  /** Whether the process has been given a cell. */
  let isUsed = false;

  const start = (): Promise<EvaluatorProcess> => {
    starting ??= launch().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };

  const launch = async (): Promise<EvaluatorProcess> => {
    const command = await evaluatorCommand(execPath, evaluatorArguments);
    const account = options.user === undefined ? undefined : await findAccount(options.user);
    const withheld = evaluatorEnvironment(env);
    closing.signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      let early = '';
      const evaluator: EvaluatorProcess = new EvaluatorProcess({
        command,
        cwd,
        env: account ? accountEnvironment(withheld, account) : withheld,
        ...(account && { account }),
        onMessage: (message, buffers) => {
          if (message.type !== 'ready') receive(evaluator, message, buffers);
          else if (ready === undefined && !evaluator.isGone) resolve((ready = evaluator));
        },
        onRawOutput: (name, text) => {
          if (ready === undefined) early += text;
          else cells.find(exiting?.cell ?? writing)?.stream(name, text);
        },
      });
      const stop = (): void => evaluator.kill('the kernel was closed');
      closing.signal.addEventListener('abort', stop);
      const watch = async (): Promise<void> => {
        const ending = await evaluator.ended;
        closing.signal.removeEventListener('abort', stop);
        if (ready === evaluator) onEnd(evaluator, ending);
        else reject(startFailure(ending, early));
      };
      watch().catch(reject);
    });
  };

  const receive = (evaluator: EvaluatorProcess, message: EvaluatorMessage, buffers: readonly Uint8Array[]): void => {
    switch (message.type) {
      case 'done':
        void evaluator.drain().then(() => finish(message));
        break;
      case 'fence':
        void passFence(evaluator, message);
        break;
      case 'page':
        turnPage(message);
        break;
      case 'input':
        void answerQuestion(message, cells).then((answer) =>
          message.blocking ? evaluator.order(answer) : evaluator.send(answer),
        );
        break;
      case 'interrupted':
        interruptSeen = Math.max(interruptSeen, message.number);
        break;
      case 'exiting':
        exiting = message;
        break;
      case 'members':
      case 'description':
        lookups.get(message.id)?.(message);
        break;
      case 'ready':
        break;
      case 'stream':
      case 'display':
      case 'error':
      case 'clear':
      case 'publish':
        deliverOutput(message, buffers, cells.find(message.cell));
    }
  };

  const passFence = async (
    evaluator: EvaluatorProcess,
    { number, cell }: Extract<EvaluatorMessage, { type: 'fence' }>,
  ): Promise<void> => {
    await evaluator.drain();
    writing = cell;
    evaluator.order({ type: 'fence', number });
  };

  /** Once the cell has its reply, what it pages is shown as output. */
  const turnPage = ({ cell, data }: Extract<EvaluatorMessage, { type: 'page' }>): void => {
    const { payload } = running.get(cell) ?? {};
    if (payload === undefined) cells.find(cell)?.display(data);
    else payload.push({ source: 'page', data, start: 0 });
  };

  const finish = ({ id, result, error, userExpressions }: Done): void => {
    if (result !== undefined) cells.find(id)?.result(result.data, result.metadata);
    const { payload = [] } = running.get(id) ?? {};
    const outcome: ExecuteOutcome =
      error === undefined
        ? { status: 'ok', userExpressions, payload }
        : { status: 'error', ename: error.ename, evalue: error.evalue, traceback: error.traceback };
    running.get(id)?.resolve(outcome);
    running.delete(id);
    if (writing === id) writing = 0;
  };

  const onEnd = (evaluator: EvaluatorProcess, ending: Ending): void => {
    ready = undefined;
    starting = undefined;
    const exitCode = exiting?.code;
    const struck = [...running].filter(([, each]) => each.process === evaluator);
    if (isUsed && !closing.signal.aborted) tellLoss(ending, new Set(struck.map(([id]) => id)));
    for (const [id, each] of struck) {
      running.delete(id);
      each.resolve(endedOutcome(ending, { exitCode, isInterrupted: each.isInterrupted }));
    }
    // The next cell finds a fresh one; a failure to start it is that cell's to report. One that ended without a cell would end
    // again, and again.
    if (isUsed && !closing.signal.aborted) start().catch(() => {});
    exiting = undefined;
    writing = 0;
    isUsed = false;
  };

  /** Cells that run are told by their outcome. Others have ended: the one that is the cause, where that is known, or else the last. */
  const tellLoss = (ending: Ending, struck: ReadonlySet<number>): void => {
    const cause = exiting?.cell ?? 0;
    if (struck.has(cause) || (cause === 0 && struck.size > 0)) return;
    const circumstances = { exitCode: exiting?.code, isInterrupted: false };
    cells.find(cause)?.stream('stderr', `${lossNotice(ending, circumstances)}\n`);
    if (struck.size === 0) loss = `${lossBeforeNotice(ending, circumstances)}\n`;
  };

  /** The process for a cell: another one where it has ended and that was not noticed yet. */
  const startForCell = async (): Promise<EvaluatorProcess> => {
    const evaluator = await start();
    if (!evaluator.isGone) return evaluator;
    await evaluator.ended;
    return await start();
  };

  return {
    start: async () => void (await start()),
    async execute(request, cell) {
      const evaluator = await orAborted(cell.signal, startForCell()).finally(() => {
        if (loss === undefined || request.silent) return;
        cell.stream('stderr', loss);
        loss = undefined;
      });
      // It may have ended since it was ready, which those who wait for their cells have been told already.
      if (ready !== evaluator)
        return endedOutcome(await evaluator.ended, { exitCode: undefined, isInterrupted: false });
      isUsed = true;
      const id = cells.add(cell);
      const { code, executionCount, silent, userExpressions } = request;
      return await new Promise((resolve) => {
        running.set(id, { process: evaluator, payload: [], isInterrupted: false, resolve });
        evaluator.send({ type: 'execute', id, code, executionCount, silent, userExpressions });
      });
    },
    async lookUp(question, signal) {
      if (ready === undefined || signal.aborted) return undefined;
      const id = ++numbers;
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(LOOK_UP_MS)]);
      try {
        return await new Promise((resolve) => {
          lookups.set(id, resolve);
          inTime.addEventListener('abort', () => resolve(undefined), { once: true });
          ready?.send({ ...question, id });
        });
      } finally {
        lookups.delete(id);
      }
    },
    async interrupt() {
      const evaluator = ready;
      if (evaluator === undefined) return;
      const number = ++numbers;
      const order = { type: 'interrupt', number, executions: [...running.keys()] } as const;
      for (const each of running.values()) each.isInterrupted = true;
      evaluator.send(order);
      evaluator.order(order);
      const judge = async (): Promise<void> => {
        // On a busy machine its answer may have waited for us.
        await evaluator.drain();
        if (interruptSeen < number) evaluator.kill(`it could not be interrupted within ${interruptTimeout / 1000} s`);
      };
      const timer = setTimeout(() => void judge(), interruptTimeout);
      timer.unref();
      void evaluator.ended.then(() => clearTimeout(timer));
    },
    async close() {
      const last = ready;
      closing.abort(
        new CurveKernelError('evaluator-failed', 'the kernel was closed', { hint: 'Start another kernel.' }),
      );
      await last?.ended;
      await starting?.catch(() => {});
    },
  };
}
