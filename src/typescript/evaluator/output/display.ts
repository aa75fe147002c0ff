/** The functions by which cells show values: `display`, tagged templates, `clearOutput`, and messages to widgets. */
import { inspect, types } from 'node:util';
import type { JsonObject } from '../../../protocol/message.js';
import { isComm } from '../../pipe/pipe-messages.js';
import { ORIGINAL } from '../builtins.js';
import type { CellTracker } from '../run/cell-tracker.js';
import { base64, imageType } from './known-formats.js';
import { bundle, DISPLAY, jsonObject, mimeBundle, type Bundle } from './mime-bundle.js';
import type { Send } from '../pipe-to-kernel.js';

const { isArray, Object, Promise, String } = ORIGINAL;

/** A value that shows itself. */
export interface Displayable {
  [DISPLAY](): Record<string, unknown>;
}

/** Options of {@link Display.display}. */
export interface ShowOptions {
  /** `value` is a MIME bundle already. */
  readonly raw?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Names the output, so that it can be updated. `display_id` is understood as well. */
  readonly displayId?: string | number;
  readonly display_id?: string | number;
  /** Replace the outputs of that name. */
  readonly update?: boolean;
}

/** Everything by which cells show something: most of it is among their globals, all of it in `Jupyter`. */
export type Display = ReturnType<typeof createDisplay>;

/** Shows values through `send`, for the cell that is current at the call. */
export function createDisplay(send: Send, tracker: CellTracker) {
  const show = (cell: number, { data, metadata }: Bundle, options: ShowOptions): void => {
    const displayId = options.displayId ?? options.display_id;
    send({
      type: 'display',
      cell,
      data,
      metadata: { ...metadata, ...(options.metadata && jsonArgument('The metadata', options.metadata)) },
      ...(displayId !== undefined && { displayId: String(displayId) }),
      ...(options.update === true && { update: true }),
    });
  };
  return {
    /** Shows a value. A promise only when the value's own display method returns one; see {@link isShowing}. */
    display(value: unknown, options: ShowOptions = {}): void | Promise<void> {
      const cell = tracker.current();
      return whenMade(options.raw === true ? bundle(value) : mimeBundle(value), (made) => show(cell, made, options));
    },
    /** Shows a value in the front end's pager, beside the notebook; a string as it is. */
    page(value: unknown): void | Promise<void> {
      const cell = tracker.current();
      const made = typeof value === 'string' ? bundle({ 'text/plain': value }) : mimeBundle(value);
      return whenMade(made, ({ data }) => send({ type: 'page', cell, data }));
    },
    /** Removes the cell's output; with `wait`, when the next output comes. */
    clearOutput(wait: boolean | { readonly wait?: boolean } = false): void {
      const waits = wait === true || (typeof wait === 'object' && wait?.wait === true);
      send({ type: 'clear', cell: tracker.current(), wait: waits });
    },
    html: template('text/html'),
    md: template('text/markdown'),
    svg: template('image/svg+xml'),
    latex: template('text/latex'),
    /** An image from its bytes. */
    image: (bytes: Uint8Array, mimeType = imageType(bytes) ?? 'image/png') =>
      displayable({ [mimeType]: base64(bytes) }),
    /** JSON, shown as a tree. */
    json: (value: unknown) => displayable({ 'application/json': value, 'text/plain': inspect(value) }),
    /** Sends `comm_open`, `comm_msg` or `comm_close`. */
    broadcast(
      msgType: string,
      content: JsonObject,
      options: { metadata?: JsonObject; buffers?: readonly (ArrayBuffer | ArrayBufferView)[] } = {},
    ): void {
      if (!isComm(msgType)) throw new TypeError(`Only comm messages can be sent, not ${inspect(msgType)}.`);
      const message = { type: 'publish', cell: tracker.current(), msgType } as const;
      const metadata = options.metadata ? jsonArgument('The metadata', options.metadata) : {};
      send({ ...message, content: jsonArgument('The content', content), metadata }, bytesOf(options.buffers ?? []));
    },
    $display: DISPLAY,
  };
}

const SHOWING = Symbol('showing');

/** Whether a value is the promise of a `display` or `page` under way: to be awaited, not to be shown. */
export function isShowing(value: unknown): value is Promise<void> {
  return types.isPromise(value) && SHOWING in value;
}

function whenMade(made: Bundle | Promise<Bundle>, show: (made: Bundle) => void): void | Promise<void> {
  if (!(made instanceof Promise)) return show(made);
  return Object.defineProperty(made.then(show), SHOWING, { value: true });
}

function jsonArgument(what: string, value: unknown): JsonObject {
  const made = isArray(value) ? undefined : jsonObject(value);
  if (made === undefined) throw new TypeError(`${what} must be an object, not ${inspect(value, { depth: 0 })}.`);
  return made;
}

/** Binary data of any kind as bytes. */
function bytesOf(buffers: readonly unknown[]): Uint8Array[] {
  if (!isArray(buffers)) throw new TypeError('The buffers must be a list.');
  const found: Uint8Array[] = [];
  for (const each of buffers as readonly unknown[]) {
    if (ArrayBuffer.isView(each)) found.push(new Uint8Array(each.buffer, each.byteOffset, each.byteLength));
    else if (types.isAnyArrayBuffer(each)) found.push(new Uint8Array(each));
    else throw new TypeError(`A buffer must be an ArrayBuffer or a view of one, not ${inspect(each, { depth: 0 })}.`);
  }
  return found;
}

/** Called as a tag or as a function. */
function template(mimeType: string) {
  return (text: TemplateStringsArray | string, ...values: readonly unknown[]): Displayable => {
    const source = typeof text === 'string' ? text : String.raw({ raw: text.raw }, ...values);
    return displayable({ [mimeType]: source, 'text/plain': source });
  };
}

function displayable(data: Record<string, unknown>): Displayable {
  return { [DISPLAY]: () => data };
}
