import type { CellContext, DisplayOptions, InputOptions, MimeBundle, PublishOptions } from './language.js';
import type { ErrorReport } from '../server/messages/error-report.js';
import type { JsonObject } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import type { ExecutionContext } from './execution-context.js';
import { inputUnavailableError } from './input-requests.js';
import { wholeLength } from './stream-batch.js';

/** How the client of a request wants it to be run. */
export interface CellContextOptions {
  readonly executionCount: number;
  /** The request was silent: nothing is shown. */
  readonly silent?: boolean;
  readonly allowStdin?: boolean;
  readonly onResult?: (data: MimeBundle, metadata: JsonObject) => void;
}

/** The context that a language runs one request in. */
export function openCellContext(
  { iopub, inputs }: ExecutionContext,
  request: Request,
  signal: AbortSignal,
  { executionCount, silent = false, allowStdin = false, onResult }: CellContextOptions,
) {
  const parent = request.message.header;
  const halves = { stdout: '', stderr: '' };
  let ended = false;

  const show = (msgType: string, content: JsonObject, more?: PublishOptions): void => {
    if (!silent) iopub.publish(parent, msgType, content, more);
  };

  const cell: CellContext = {
    signal,
    stream(name: 'stdout' | 'stderr', text: string) {
      if (silent) return;
      const all = halves[name] + text;
      const length = wholeLength(all);
      halves[name] = all.slice(length);
      iopub.stream(parent, name, all.slice(0, length));
    },
    display(data: MimeBundle, { metadata = {}, displayId, update = false, buffers }: DisplayOptions = {}) {
      const transient: JsonObject = displayId === undefined ? {} : { display_id: displayId };
      const more = buffers === undefined ? undefined : { buffers };
      show(update ? 'update_display_data' : 'display_data', { data, metadata, transient }, more);
    },
    result(data: MimeBundle, metadata: JsonObject = {}) {
      onResult?.(data, metadata);
      show('execute_result', { execution_count: executionCount, data, metadata });
    },
    error(error: ErrorReport) {
      const { ename, evalue, traceback } = error;
      show('error', { ename, evalue, traceback });
    },
    clearOutput(wait: boolean) {
      show('clear_output', { wait });
    },
    async input(prompt: string, inputOptions: InputOptions = {}) {
      if (!allowStdin) throw inputUnavailableError('the client that sent the request takes no questions');
      if (ended) throw inputUnavailableError('the cell that asks has ended');
      iopub.flush();
      return inputs.ask(request, prompt, inputOptions, signal);
    },
    publish(msgType: string, content: JsonObject, more?: PublishOptions) {
      iopub.publish(parent, msgType, content, more);
    },
  };

  return {
    cell,
    /** Call it when the request has ended: text is sent to its end, no more input can be asked for, later output keeps its parent. */
    end(): void {
      ended = true;
      inputs.end(request);
      for (const name of ['stdout', 'stderr'] as const) {
        // Half a surrogate pair, whose other half never came, is no text: some clients cannot even store it.
        if (halves[name] !== '') iopub.stream(parent, name, '\ufffd');
        halves[name] = '';
      }
      iopub.flush();
    },
  };
}
