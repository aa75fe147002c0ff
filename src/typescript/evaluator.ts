/** The evaluator as the kernel sees it: one that is always there, whatever becomes of the process behind it. */
import { CurveKernelError } from '../errors.js';
import type { CellContext, ExecuteOutcome, ExecuteRequest } from '../kernel/language.js';
import { definedOnly } from '../support/defined-only.js';
import { orAborted } from '../support/abort.js';
import { createCellRegistry } from './cell-registry.js';
import { accountEnvironment, findAccount } from './evaluator-account.js';
import { evaluatorCommand, evaluatorEnvironment } from './evaluator-command.js';
import { lostOutcome } from './evaluator-loss.js';
import type { EvaluatorEnd } from './evaluator-process.js';
import { EvaluatorSession, type Lookup, type LookupReply } from './evaluator-session.js';

/** The folder, environment, Node and account of cells. */
export interface TypeScriptOptions {
  /** The notebook's folder: imports are resolved from it, and it is the working directory of cells. Default: the kernel's. */
  readonly cwd?: string;
  /** The environment of cells, from which variables that lead to keys are removed. Default: the kernel's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The Node binary that runs cells, 20.19 or later. Default: the kernel's. */
  readonly execPath?: string;
  /** More arguments for that Node, such as `--max-old-space-size=4096`. */
  readonly evaluatorArguments?: readonly string[];
  /** Milliseconds that a cell may resist an interrupt before its process is replaced. Default: 5000. */
  readonly interruptTimeout?: number;
  /**
   * The account that cells run as, which must be able to read this package, that Node and the folder. Only root may switch to
   * another; that fails when the evaluator is started. Default: the kernel's, with all that it may read.
   */
  readonly user?: string;
}

/** See {@link createEvaluator}. */
export type Evaluator = ReturnType<typeof createEvaluator>;

/**
 * Runs cells in a process that is replaced whenever it ends; the cells that it did not finish then end as `EvaluatorLost`. There is no process
 * yet: `start`, or the first cell, launches one.
 */
export function createEvaluator(options: TypeScriptOptions) {
  const { cwd = process.cwd(), env = process.env, execPath = process.execPath } = options;
  const { evaluatorArguments = [], interruptTimeout = 5000, user } = options;
  const cells = createCellRegistry();
  const closing = new AbortController();
  let starting: Promise<EvaluatorSession> | undefined;
  /** The one that is ready. */
  let session: EvaluatorSession | undefined;
  /** The notice that a process was lost between cells, for the next cell that shows anything. */
  let loss: string | undefined;

  const start = (): Promise<EvaluatorSession> => {
    starting ??= launch().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };

  const launch = async (): Promise<EvaluatorSession> => {
    const command = await evaluatorCommand(execPath, evaluatorArguments);
    const account = user === undefined ? undefined : await findAccount(user);
    const ownEnvironment = evaluatorEnvironment(env);
    closing.signal.throwIfAborted();
    const launched = new EvaluatorSession({
      ...definedOnly({ account }),
      command,
      cwd,
      env: account ? accountEnvironment(ownEnvironment, account) : ownEnvironment,
      cells,
      closing: closing.signal,
    });
    await launched.ready;
    session = launched;
    void launched.ended.then((end) => replace(launched, end));
    return launched;
  };

  const replace = (ended: EvaluatorSession, end: EvaluatorEnd): void => {
    session = starting = undefined;
    // One that ended without a cell would end again, and again.
    const isReplaced = ended.isUsed && !closing.signal.aborted;
    loss = ended.end(end, isReplaced) ?? loss;
    // The next cell finds a fresh one; a failure to start it is that cell's to report.
    if (isReplaced) start().catch(() => {});
  };

  /** The process for a cell: another one where it has ended and that was not noticed yet. */
  const startForCell = async (): Promise<EvaluatorSession> => {
    const started = await start();
    if (!started.isGone) return started;
    await started.ended;
    return await start();
  };

  return {
    /** Resolves when a process is ready. Rejects with 'evaluator-failed'. */
    start: async (): Promise<void> => void (await start()),
    /** Rejects with 'evaluator-failed', and with the reason of the cell's signal when that is aborted before there is a process. */
    execute: async (request: ExecuteRequest, cell: CellContext): Promise<ExecuteOutcome> => {
      if (session?.isGone === false && loss === undefined) return await session.execute(request, cell);
      const started = await orAborted(cell.signal, startForCell()).finally(() => {
        if (loss === undefined || request.silent) return;
        cell.stream('stderr', loss);
        loss = undefined;
      });
      if (session === started) return await started.execute(request, cell);
      // It has ended since it was ready, and its cells have got their outcomes.
      return lostOutcome(await started.ended);
    },
    /** Resolves to undefined when there is no answer in time: before the process is ready, or while a cell keeps it busy. */
    lookUp: async (question: Lookup, signal: AbortSignal): Promise<LookupReply | undefined> =>
      signal.aborted ? undefined : session?.lookUp(question, signal),
    /** Stops what runs; replaces the process when that does not work. */
    interrupt: async (): Promise<void> => session?.interrupt(interruptTimeout),
    /** Ends the process and everything that cells have started. */
    close: async (): Promise<void> => {
      const last = session;
      const hint = 'Start another kernel.';
      closing.abort(new CurveKernelError('evaluator-failed', 'The kernel was closed.', { hint }));
      await last?.ended;
      await starting?.catch(() => {});
    },
  };
}
