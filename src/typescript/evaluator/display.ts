/** What cells call to show things: `display`, tagged templates, `clearOutput`, and messages to widgets. */
import { inspect } from 'node:util';
import type { JsonObject } from '../../protocol/message.js';
import type { CellContext } from './cell-context.js';
import { base64, imageType } from './image-bytes.js';
import { bundle, DISPLAY, mimeBundle, type Bundle } from './mime-bundle.js';
import type { Send } from './pipe-to-kernel.js';

/** A value that shows itself. */
export interface Displayable {
  [DISPLAY](): Record<string, unknown>;
}

/** How a value is shown. */
export interface ShowOptions {
  /** `value` is a MIME bundle already. */
  readonly raw?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Names the output, so that it can be updated. `display_id` is understood as well. */
  readonly displayId?: string;
  readonly display_id?: string;
  /** Replace the outputs of that name. */
  readonly update?: boolean;
}

type Template = (text: TemplateStringsArray | string, ...values: readonly unknown[]) => Displayable;

/** Everything by which cells show something: most of it is among their globals, all of it in `Jupyter`. */
export interface Display {
  /** Shows a value. A promise only when the value's own display method returns one. */
  readonly display: (value: unknown, options?: ShowOptions) => void | Promise<void>;
  /** Shows a value in the front end's pager, beside the notebook; a string as it is. */
  page(value: unknown): void | Promise<void>;
  /** Removes the cell's output; with `wait`, when the next output comes. */
  readonly clearOutput: (wait?: boolean) => void;
  readonly html: Template;
  readonly md: Template;
  readonly svg: Template;
  readonly latex: Template;
  /** An image from its bytes. */
  readonly image: (bytes: Uint8Array, mimeType?: string) => Displayable;
  /** JSON, shown as a tree. */
  readonly json: (value: unknown) => Displayable;
  /** Sends `comm_open`, `comm_msg` or `comm_close`. */
  readonly broadcast: (
    msgType: string,
    content: JsonObject,
    options?: { metadata?: JsonObject; buffers?: readonly Uint8Array[] },
  ) => void;
  readonly $display: typeof DISPLAY;
}

/** What is shown goes out through `send`, for the cell that is current when it is called. */
export function createDisplay(send: Send, context: CellContext): Display {
  const show = (cell: number, { data, metadata }: Bundle, options: ShowOptions): void => {
    const displayId = options.displayId ?? options.display_id;
    send({
      type: 'display',
      cell,
      data,
      metadata: { ...metadata, ...bundle(options.metadata ?? {}).data },
      ...(displayId === undefined ? {} : { displayId }),
      ...(options.update === true ? { update: true } : {}),
    });
  };
  return {
    display(value, options = {}) {
      const cell = context.current();
      const made = options.raw === true ? bundle(value as object) : mimeBundle(value);
      if (made instanceof Promise) return made.then((each) => show(cell, each, options));
      return show(cell, made, options);
    },
    page(value) {
      const cell = context.current();
      const made = typeof value === 'string' ? bundle({ 'text/plain': value }) : mimeBundle(value);
      if (made instanceof Promise) return made.then(({ data }) => send({ type: 'page', cell, data }));
      return send({ type: 'page', cell, data: made.data });
    },
    clearOutput: (wait = false) => send({ type: 'clear', cell: context.current(), wait }),
    html: template('text/html'),
    md: template('text/markdown'),
    svg: template('image/svg+xml'),
    latex: template('text/latex'),
    image: (bytes, mimeType = imageType(bytes) ?? 'image/png') => displayable({ [mimeType]: base64(bytes) }),
    json: (value) => displayable({ 'application/json': value, 'text/plain': inspect(value) }),
    broadcast(msgType, content, { metadata = {}, buffers = [] } = {}) {
      if (!/^comm_(open|msg|close)$/.test(msgType))
        throw new TypeError(`only comm messages can be sent, not ${msgType}`);
      send({ type: 'publish', cell: context.current(), msgType, content, metadata }, buffers);
    },
    $display: DISPLAY,
  };
}

/** Called as a tag or as a function. */
function template(mimeType: string): Template {
  return (text, ...values) => {
    const source = typeof text === 'string' ? text : String.raw({ raw: text.raw }, ...values);
    return displayable({ [mimeType]: source, 'text/plain': source });
  };
}

function displayable(data: Record<string, unknown>): Displayable {
  return { [DISPLAY]: () => data };
}
