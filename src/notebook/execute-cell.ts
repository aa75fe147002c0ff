import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { deferred } from '../support/deferred.js';
import { startTimer } from '../support/start-timer.js';
import type { CodeCell } from './notebook.js';
import type { OutputRouter } from './route-output.js';
import type { KernelWatch } from './watch-kernel.js';
import { whenAborted } from '../support/when-aborted.js';

/** Milliseconds without any output after the reply until the end of the output is taken for lost, as kernels may drop it. */
const IDLE_TIMEOUT = 10_000;

/** What running one cell is given. */
export interface ExecuteCellOptions {
  /** Milliseconds that the cell may take; any time by default. */
  readonly timeout?: number | undefined;
  /** Milliseconds that an interrupted cell has to end. */
  readonly interruptTimeout: number;
  /** Whether the kernel, if the cell fails, aborts what else is queued. */
  readonly stopOnError: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly watch: KernelWatch;
  readonly router: OutputRouter;
  /** Called for each iopub message that the cell causes, also after it has ended. */
  readonly onMessage: (message: KernelMessage.IIOPubMessage) => void;
}

/** How a cell ended. */
export interface CellEnd {
  /** `answered`: there is a reply. All others: somebody's patience ended, or the kernel's life. */
  readonly reason: 'answered' | 'timeout' | 'aborted' | 'lost';
  readonly reply?: KernelMessage.IExecuteReplyMsg;
}

/**
 * Runs one cell and waits until its reply and all its output are in. When the time is up or the signal is aborted the kernel is
 * interrupted, and the cell has `interruptTimeout` to end by itself. Never rejects.
 */
export async function executeCell(
  kernel: Kernel.IKernelConnection,
  cell: CodeCell,
  options: ExecuteCellOptions,
): Promise<CellEnd> {
  let future: ReturnType<Kernel.IKernelConnection['requestExecute']>;
  try {
    const content = { code: cell.source, allow_stdin: false, store_history: true, stop_on_error: options.stopOnError };
    future = kernel.requestExecute(content, true, { cellId: cell.id });
  } catch {
    return { reason: 'lost' }; // the connection throws when the kernel is dead
  }
  let reply: KernelMessage.IExecuteReplyMsg | undefined;
  const silence = createTimer<'answered'>();
  future.onReply = (message) => {
    reply = message;
    silence.start(IDLE_TIMEOUT, 'answered');
  };
  let over = false;
  options.router.route(future.msg.header.msg_id, (message) => {
    options.onMessage(message);
    if (reply !== undefined && !over) silence.start(IDLE_TIMEOUT, 'answered');
  });
  const answered = future.done.then(
    () => 'answered' as const,
    () => 'lost' as const,
  );
  const ends = [answered, silence.rang, options.watch.lost];
  try {
    const reason = await raceWith(ends, options);
    if (reason === 'timeout' || reason === 'aborted') await interrupt(kernel, ends, options.interruptTimeout);
    return { reason, ...(reply === undefined ? {} : { reply }) };
  } finally {
    over = true;
    silence.stop();
    future.dispose();
  }
}

async function raceWith(
  ends: readonly Promise<CellEnd['reason']>[],
  { timeout, signal }: ExecuteCellOptions,
): Promise<CellEnd['reason']> {
  const limit = createTimer<'timeout'>();
  if (timeout !== undefined) limit.start(timeout, 'timeout');
  using aborted = whenAborted(signal);
  try {
    return await Promise.race([...ends, limit.rang, aborted.happened]);
  } finally {
    limit.stop();
  }
}

async function interrupt(
  kernel: Kernel.IKernelConnection,
  ends: readonly Promise<unknown>[],
  patience: number,
): Promise<void> {
  const limit = createTimer<'timeout'>();
  limit.start(patience, 'timeout');
  // A kernel that cannot be interrupted is left to the caller, who may end it.
  const interrupted = kernel.interrupt().catch(() => undefined);
  await Promise.race([interrupted.then(() => Promise.race(ends)), limit.rang]);
  limit.stop();
}

interface Timer<T> {
  readonly rang: Promise<T>;
  /** Starts, or starts anew. */
  start(milliseconds: number, value: T): void;
  stop(): void;
}

function createTimer<T>(): Timer<T> {
  const { promise: rang, resolve } = deferred<T>();
  let stop: (() => void) | undefined;
  return {
    rang,
    start: (milliseconds, value) => {
      stop?.();
      stop = startTimer(milliseconds, () => resolve(value));
    },
    stop: () => stop?.(),
  };
}
