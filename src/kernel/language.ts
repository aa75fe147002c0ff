/**
 * The interface of a programming language. `serveKernel(language, connection)` makes it a kernel.
 *
 * The kernel speaks the protocol (status, parents, counts, queues, replies); a language runs code and reports its output.
 * Only {@link Language.info} and {@link Language.execute} are required. A language may throw or reject anywhere: the
 * client gets an error reply, and the kernel lives on.
 */
import type { JsonObject, Message } from '../protocol/message.js';
import type { CloseReason } from '../server/backend.js';
import type { ErrorReport } from '../server/messages/error-report.js';

/** A value in several MIME types, such as `{'text/plain': '2'}`. */
export type MimeBundle = JsonObject;

/** The language's part of `kernel_info_reply`, in the protocol's own field names. */
export interface LanguageInfo {
  readonly implementation: string;
  readonly implementation_version: string;
  readonly banner: string;
  /** `name`, `version`, `mimetype`, `file_extension`, … */
  readonly language_info: JsonObject;
  readonly help_links?: readonly { readonly text: string; readonly url: string }[];
  readonly supported_features?: readonly string[];
}

/** One `execute_request`, checked and with its defaults filled in. */
export interface ExecuteRequest {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  /** The number shown as `In [n]`; not counted up when silent or when history is not stored. */
  readonly executionCount: number;
  /** The notebook's cell id, where the front end sends it. */
  readonly cellId?: string;
}

/** The end of an execution. The kernel publishes the `error` message of a failed one; the language need not. */
export type ExecuteOutcome =
  | { readonly status: 'ok'; readonly userExpressions?: JsonObject; readonly payload?: readonly JsonObject[] }
  | ({ readonly status: 'error' } & ErrorReport);

/** A `complete_request`: code, and the position in it at which to complete. */
export interface CompleteRequest {
  readonly code: string;
  /** In Unicode code points, as on the wire; not in UTF-16 units. */
  readonly cursorPos: number;
}

/** The completions found. */
export interface CompleteReply {
  /** Best first. */
  readonly matches: readonly string[];
  /** The text that a match replaces, in code points. */
  readonly cursorStart: number;
  readonly cursorEnd: number;
  /** Such as `_jupyter_types_experimental`. */
  readonly metadata?: JsonObject;
}

/** An `inspect_request`: code, and the position in it to describe. */
export interface InspectRequest {
  readonly code: string;
  /** In code points. */
  readonly cursorPos: number;
  readonly detailLevel: 0 | 1;
}

/** The description found, as text and perhaps HTML. */
export interface InspectReply {
  readonly found: boolean;
  readonly data: MimeBundle;
  readonly metadata?: JsonObject;
}

/** Whether a console should run the code or ask for another line. */
export interface IsCompleteReply {
  readonly status: 'complete' | 'incomplete' | 'invalid' | 'unknown';
  /** The indentation of the next line; only with `incomplete`. */
  readonly indent?: string;
}

/** Options of a displayed value. */
export interface DisplayOptions {
  readonly metadata?: JsonObject;
  /** Names the output, so that it can be replaced. */
  readonly displayId?: string;
  /** Replace every output of that `displayId` instead of adding one. */
  readonly update?: boolean;
  readonly buffers?: readonly Uint8Array[];
}

/** Options of any other message on iopub. */
export interface PublishOptions {
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Uint8Array[];
}

/** Options of a question. */
export interface InputOptions {
  /** The front end hides what is typed. */
  readonly password?: boolean;
  /** The language cannot tell which cell asks, and takes it to be this one. Refused where cells of several identities have run. */
  readonly isGuess?: boolean;
}

/**
 * The context of one request: its output, its input and its signal. It stays usable after the request has ended: late output keeps its
 * parent, so front ends show it under the cell that caused it. Everything is sent in the order of the calls.
 */
export interface CellContext {
  /** Aborted by an interrupt while the request runs, and by the kernel's end. */
  readonly signal: AbortSignal;
  /** Text for stdout or stderr. Batched by the kernel (about 10 ms or 64 KiB). */
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(data: MimeBundle, options?: DisplayOptions): void;
  /** The cell's result, with its execution count. */
  result(data: MimeBundle, metadata?: JsonObject): void;
  /** An error that is not the outcome: thrown by a timer, or an unhandled rejection. */
  error(error: ErrorReport): void;
  clearOutput(wait: boolean): void;
  /**
   * Asks the client that sent the request, and no other, for a line of text. Rejects with 'input-unavailable' when that client does not
   * allow it or the request has ended, and with 'interrupted' on an interrupt.
   */
  input(prompt: string, options?: InputOptions): Promise<string>;
  /** Any other message on iopub, such as `comm_msg`. */
  publish(msgType: string, content: JsonObject, options?: PublishOptions): void;
}

/** A programming language behind the kernel. */
export interface Language {
  readonly info: LanguageInfo;
  /** Starts while the kernel serves already: `kernel_info` is answered without waiting for it, the first execution waits. */
  start?(): Promise<void>;
  /** Runs code. Called for one request at a time. */
  execute(request: ExecuteRequest, cell: CellContext): Promise<ExecuteOutcome>;
  /** May be called while code runs, as may everything below but {@link comm}. */
  complete?(request: CompleteRequest, signal: AbortSignal): Promise<CompleteReply>;
  inspect?(request: InspectRequest, signal: AbortSignal): Promise<InspectReply>;
  isComplete?(code: string): Promise<IsCompleteReply>;
  /** `comm_open`, `comm_msg`, `comm_close` from a front end, in order with executions. Without it, opened comms are closed. */
  comm?(message: Message, cell: CellContext): Promise<void>;
  /** The open comms by id, all of them or those of one target. */
  commInfo?(target?: string): Promise<Readonly<Record<string, { readonly target_name: string }>>>;
  /** A Debug Adapter Protocol request and its response. */
  debug?(request: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  /** Stops the code that runs; `cell.signal` is aborted as well. Variables should survive. */
  interrupt?(): Promise<void>;
  /** Ends everything the language started. The kernel waits a few seconds for it, no longer. */
  close?(reason: CloseReason): Promise<void>;
}
