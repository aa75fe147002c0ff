import type { CellContext, DisplayOptions, InputOptions, MimeBundle, PublishOptions } from './language.js';
import type { ErrorReport } from '../server/messages/error-report.js';
import type { JsonObject } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import { inputUnavailableError, type InputRequests } from './input-requests.js';
import type { Iopub } from './iopub.js';
import { wholeLength } from './stream-batch.js';

/** Whose output it is, and what the client wants of it. */
export interface CellContextOptions {
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly iopub: Iopub;
  readonly inputs: InputRequests;
  readonly executionCount: number;
  /** Nothing is shown: the request was silent. */
  readonly silent: boolean;
  readonly allowStdin: boolean;
  readonly onResult?: (data: MimeBundle, metadata: JsonObject) => void;
}

/** A cell, and its end. */
export interface OpenCellContext {
  readonly cell: CellContext;
  /** The request has ended: what is half said is said, nothing can be asked any more, output goes on under its parent. */
  end(): void;
}

/** Where the output of one request goes. */
export function openCellContext(options: CellContextOptions): OpenCellContext {
  const { request, iopub, inputs, silent } = options;
  const parent = request.message.header;
  const halves = { stdout: '', stderr: '' };
  let ended = false;

  const show = (msgType: string, content: JsonObject, more?: PublishOptions): void => {
    if (!silent) iopub.publish(parent, msgType, content, more);
  };

  const cell: CellContext = {
    signal: options.signal,
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
      options.onResult?.(data, metadata);
      show('execute_result', { execution_count: options.executionCount, data, metadata });
    },
    error(error: ErrorReport) {
      const { ename, evalue, traceback } = error;
      show('error', { ename, evalue, traceback });
    },
    clearOutput(wait: boolean) {
      show('clear_output', { wait });
    },
    async input(prompt: string, inputOptions: InputOptions = {}) {
      if (!options.allowStdin) throw inputUnavailableError('the client that sent the request takes no questions');
      if (ended) throw inputUnavailableError('the cell that asks has ended');
      iopub.flush();
      return inputs.ask(request, prompt, inputOptions, options.signal);
    },
    publish(msgType: string, content: JsonObject, more?: PublishOptions) {
      iopub.publish(parent, msgType, content, more);
    },
  };

  return {
    cell,
    end() {
      ended = true;
      inputs.drop(request);
      for (const name of ['stdout', 'stderr'] as const) {
        // Its other half never came, and alone it is no text: some clients cannot even store it.
        if (halves[name] !== '') iopub.stream(parent, name, '\ufffd');
        halves[name] = '';
      }
      iopub.flush();
    },
  };
}
