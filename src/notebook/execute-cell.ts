import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { deferred } from '../support/deferred.js';
import { definedOnly } from '../support/defined-only.js';
import type { CodeCell } from './notebook.js';
import type { KernelWatch } from './watch-kernel.js';
import { settlesWithin, startTimer, withTimeout } from '../support/timers.js';
import { whenAborted } from '../support/abort.js';

/** Milliseconds without output after the reply until the idle status is taken for lost: kernels may drop messages on iopub. */
const IDLE_TIMEOUT = 10_000;

/** Options of {@link executeCell}. */
export interface ExecuteCellOptions {
  /** Maximum run time of the cell in milliseconds; unlimited by default. */
  readonly timeout?: number | undefined;
  /** Milliseconds for an interrupted cell to end. */
  readonly interruptTimeout: number;
  /** The `stop_on_error` of execute_request: if the cell fails, the kernel aborts queued requests. */
  readonly stopOnError: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly watch: KernelWatch;
  /** Called for each iopub message that the cell causes, including those after its end. */
  readonly onMessage: (message: KernelMessage.IIOPubMessage) => void;
}

/** End of a cell. */
export interface CellEnd {
  /** `answered`: there is a reply. Otherwise: timed out, aborted, or the kernel died. */
  readonly reason: 'answered' | 'timeout' | 'aborted' | 'lost';
  readonly reply?: KernelMessage.IExecuteReplyMsg;
}

/**
 * Runs one cell and waits for its reply and all its output. When the time is up or the signal is aborted, the kernel is interrupted, and the
 * cell has `interruptTimeout` to end. Never rejects.
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
  const { promise: ended, resolve: end } = deferred<'answered' | 'lost'>();
  let stopTimer: (() => void) | undefined;
  const endWhenSilent = (): void => {
    stopTimer?.();
    stopTimer = startTimer(IDLE_TIMEOUT, () => end('answered'));
  };
  future.onReply = (message) => {
    reply = message;
    endWhenSilent();
  };
  options.watch.route(future.msg.header.msg_id, (message) => {
    options.onMessage(message);
    if (reply !== undefined && !future.isDisposed) endWhenSilent();
  });
  void future.done.then(
    () => end('answered'),
    () => end('lost'),
  );
  void options.watch.lost.then(end);
  using aborted = whenAborted(options.signal);
  try {
    const first = Promise.race([ended, aborted.happened]);
    const reason = await withTimeout(first, options.timeout ?? Infinity, () => 'timeout' as const);
    if (reason === 'timeout' || reason === 'aborted') {
      // A kernel that cannot be interrupted is left to the caller, which may end it.
      const interrupted = kernel.interrupt().catch(() => undefined);
      await settlesWithin(
        interrupted.then(() => ended),
        options.interruptTimeout,
      );
    }
    return { reason, ...definedOnly({ reply }) };
  } finally {
    stopTimer?.();
    future.dispose();
  }
}
