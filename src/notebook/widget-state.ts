import type { KernelMessage } from '@jupyterlab/services';
import type { JsonObject } from '../protocol/message.js';
import { toObject } from './check-shape.js';

const WIDGET_STATE = 'application/vnd.jupyter.widget-state+json';

interface Model {
  state: JsonObject;
  /** By path, as JSON. */
  readonly buffers: Map<string, JsonObject>;
}

/**
 * The state of the widgets of a run, with which the notebook can show them without a kernel: collected from their comms, as nbclient does.
 *
 * @see {@link https://ipywidgets.readthedocs.io/en/stable/embedding.html | How notebooks embed widgets}
 */
export function createWidgetState() {
  const models = new Map<string, Model>();

  function update(comm: string, state: JsonObject): Model {
    const model = models.get(comm) ?? { state: {}, buffers: new Map() };
    model.state = { ...model.state, ...state };
    models.set(comm, model);
    return model;
  }

  return {
    /** Sets part of a widget's state, by the id of its comm. */
    update: (comm: string, state: JsonObject): void => void update(comm, state),
    /** Takes an iopub message; those that are not of widgets are ignored. */
    receive: (message: KernelMessage.IIOPubMessage): void => {
      if (message.header.msg_type !== 'comm_open' && message.header.msg_type !== 'comm_msg') return;
      const content = toObject(message.content);
      const data = toObject(content['data']);
      const id = content['comm_id'];
      if (data['state'] === undefined || typeof id !== 'string') return; // a custom message
      const model = update(id, toObject(data['state']));
      const paths = Array.isArray(data['buffer_paths']) ? data['buffer_paths'] : [];
      for (const [index, path] of paths.entries()) {
        const bytes = message.buffers?.[index];
        if (bytes === undefined) continue;
        model.buffers.set(JSON.stringify(path), { data: toBase64(bytes), encoding: 'base64', path });
      }
    },
    /** The addition to the notebook's metadata: `widgets`, or nothing without widgets. */
    metadata: (): JsonObject => {
      const widgets = [...models].filter(([, { state }]) => state['_model_name'] !== undefined);
      if (widgets.length === 0) return {};
      const state = Object.fromEntries(widgets.map(([id, model]) => [id, describe(model)]));
      return { widgets: { [WIDGET_STATE]: { state, version_major: 2, version_minor: 0 } } };
    },
  };
}

function describe({ state, buffers }: Model): JsonObject {
  return {
    model_name: state['_model_name'] ?? null,
    model_module: state['_model_module'] ?? null,
    model_module_version: state['_model_module_version'] ?? null,
    state,
    ...(buffers.size === 0 ? {} : { buffers: [...buffers.values()] }),
  };
}

function toBase64(bytes: ArrayBuffer | ArrayBufferView): string {
  const buffer = ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes);
  return buffer.toString('base64');
}
