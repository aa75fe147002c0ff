import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { CurveKernelError } from '../errors.js';
import type { Json, JsonObject } from '../protocol/message.js';
import { describeFailure, interruptedError } from './describe-failure.js';
import { toObject } from './check-shape.js';
import { exactContent, withExactNumbers } from './exact-content.js';
import { executeCell, type CellEnd } from './execute-cell.js';
import { AS_READ, cellTags, type Cell, type CodeCell, type Notebook, type Output } from './notebook.js';
import { createOutputCollector } from './output-collector.js';
import { toCount, toOutput } from './output-from-message.js';
import { createOutputWidgets } from './output-widgets.js';
import { sendWidgetUpdates } from './send-widget-updates.js';
import { watchKernel } from './watch-kernel.js';
import { createWidgetState } from './widget-state.js';
import { whenAborted } from '../support/abort.js';

/** Options of {@link executeNotebook}. */
export interface ExecuteNotebookOptions {
  /** Milliseconds after which a cell is interrupted and the run ends; unlimited by default. */
  readonly timeout?: number;
  /** Milliseconds for an interrupted cell to end. Default 5,000. */
  readonly interruptTimeout?: number;
  /** Continues after a cell that fails. A cell tagged `raises-exception` never ends the run. */
  readonly allowErrors?: boolean;
  /** Records times of each cell in `metadata.execution`. Default true, as in nbclient. */
  readonly recordTiming?: boolean;
  /** Interrupts the running cell and ends the run. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: NotebookProgress) => void;
}

/** Progress of a run. `cell` is an index into the notebook's cells; `of` is the number of cells that run. */
export type NotebookProgress =
  | { readonly type: 'cell-started'; readonly cell: number; readonly position: number; readonly of: number }
  | { readonly type: 'output'; readonly cell: number; readonly output: Output }
  | {
      readonly type: 'cell-ended';
      readonly cell: number;
      readonly position: number;
      readonly of: number;
      readonly failed: boolean;
    };

/** A notebook after a run. */
export interface ExecutedNotebook {
  /** The notebook with the outputs of every cell that was started; other cells are unchanged. */
  readonly notebook: Notebook;
  /** Why the run ended early: `cell-failed`, `cell-timeout`, `interrupted`, `message-unreadable` or `kernel-died`. */
  readonly failure?: CurveKernelError;
  /** Index of the cell at which it ended early. */
  readonly failedCell?: number;
}

/**
 * Runs the code cells of a notebook from first to last and collects their outputs, as nbclient does. Empty cells and those tagged
 * `skip-execution` are skipped.
 *
 * Never rejects for failures of cells or of the kernel: the result holds the outputs so far, and why the run ended. The connection should be
 * created with `handleComms: false`: otherwise it closes the comms of widgets, which have no handler here; their state is kept all the same.
 */
export async function executeNotebook(
  notebook: Notebook,
  kernel: Kernel.IKernelConnection,
  options: ExecuteNotebookOptions = {},
): Promise<ExecutedNotebook> {
  const { onProgress = () => undefined, interruptTimeout = 5000, signal } = options;
  using watch = watchKernel(kernel);
  const collector = createOutputCollector((cell, output) => onProgress({ type: 'output', cell, output }));
  const widgets = createWidgetState();
  const outputWidgets = createOutputWidgets(({ comm, outputs }) =>
    widgets.update(comm, { outputs: outputs.map((output) => ({ ...output })) }),
  );
  const cells = [...notebook.cells];
  const runnable = [...cells.entries()].filter((entry): entry is [number, CodeCell] => isRunnable(entry[1]));
  let stop: Pick<ExecutedNotebook, 'failure' | 'failedCell'> = {};

  const language = await languageInfo(kernel, watch.lost, signal);

  for (const [index, [cell, code]] of runnable.entries()) {
    const step = { cell, position: index + 1, of: runnable.length };
    if (signal?.aborted === true) {
      stop = { failure: interruptedError(step), failedCell: cell };
      break;
    }
    onProgress({ type: 'cell-started', ...step });
    collector.start(cell);
    const progress = createCellProgress(code, options.recordTiming ?? true);
    const tolerated = options.allowErrors === true || cellTags(code).includes('raises-exception');
    // When the end or output of a cell could not be read, the kernel has ended the cell and runs the next.
    const isTolerated = ({ code: ended }: CurveKernelError): boolean =>
      ended === 'cell-failed' ? tolerated : ended === 'message-unreadable' && options.allowErrors === true;
    const end = await executeCell(kernel, code, {
      timeout: options.timeout,
      interruptTimeout,
      stopOnError: !tolerated,
      signal,
      watch,
      onMessage: (received) => {
        const message = withExactNumbers(received);
        progress.receive(message);
        widgets.receive(message);
        if (!outputWidgets.receive(message)) return collector.receive(cell, message);
        const output = toOutput(message.header.msg_type, toObject(message.content));
        if (output !== undefined) onProgress({ type: 'output', cell, output });
      },
    });
    // The kernel reads it between two cells, so the next cell finds the output of this one in the widget.
    await sendWidgetUpdates(kernel, outputWidgets.takeUpdates());
    cells[cell] = progress.finish(end);
    const failure = describeFailure(end, { ...step, timeout: options.timeout });
    onProgress({ type: 'cell-ended', ...step, failed: failure !== undefined });
    if (failure !== undefined && !isTolerated(failure)) {
      stop = { failure, failedCell: cell };
      break;
    }
  }

  // Not before: a later cell may update a display of an earlier one.
  const withOutputs = cells.map((cell, index): Cell => {
    const outputs = collector.outputs(index);
    return cell.cell_type === 'code' && outputs ? { ...cell, outputs, [AS_READ]: undefined } : cell;
  });
  const metadata = { ...notebook.metadata, ...language, ...widgets.metadata() };
  return { notebook: { ...notebook, metadata, cells: withOutputs }, ...stop };
}

function isRunnable(cell: Cell): boolean {
  return cell.cell_type === 'code' && cell.source.trim() !== '' && !cellTags(cell).includes('skip-execution');
}

/** Collects the execution count and the times of a cell from messages. */
function createCellProgress(
  cell: CodeCell,
  recordTiming: boolean,
): { receive(message: KernelMessage.IIOPubMessage): void; finish(end: CellEnd): CodeCell } {
  let count: number | null = null;
  const execution: Record<string, Json> = {};
  return {
    receive: ({ header, content }) => {
      const { execution_count: number, execution_state: state } = toObject(content);
      if (header.msg_type === 'execute_input') execution['iopub.execute_input'] = header.date;
      if (state === 'busy' || state === 'idle') execution[`iopub.status.${state}`] = header.date;
      count = toCount(number) ?? count;
    },
    finish: ({ reply }) => {
      if (reply !== undefined) execution['shell.execute_reply'] = reply.header.date;
      const replied = toCount(exactContent(reply?.content)['execution_count']);
      return {
        ...cell,
        execution_count: replied ?? count,
        metadata: recordTiming ? { ...cell.metadata, execution } : cell.metadata,
      };
    },
  };
}

async function languageInfo(
  kernel: Kernel.IKernelConnection,
  lost: Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<JsonObject> {
  const info = kernel.info.then(
    (content) => ({ language_info: toObject(exactContent(content)['language_info']) }),
    () => ({}),
  );
  using aborted = whenAborted(signal);
  return await Promise.race([info, Promise.race([lost, aborted.happened]).then(() => ({}))]);
}
