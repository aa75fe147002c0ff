import type { KernelMessage } from '@jupyterlab/services';
import type { Json, JsonObject } from '../protocol/message.js';
import { toObject } from './check-shape.js';
import type { Output } from './notebook.js';
import { createOutputArea, type OutputArea } from './output-area.js';
import { toOutput } from './output-from-message.js';

/** The changed outputs of an Output widget. */
export interface WidgetUpdate {
  /** The id of the widget's comm. */
  readonly comm: string;
  readonly outputs: readonly Output[];
  /** The header of the request whose output came last. */
  readonly parent: KernelMessage.IIOPubMessage['parent_header'];
}

interface Widget {
  readonly comm: string;
  /** Id of the request that it captures, or empty. */
  captured: string;
  readonly area: OutputArea;
}

/**
 * The Output widgets of ipywidgets, which capture the output of a request as in nbclient and JupyterLab: a widget names the request in its
 * state, as `msg_id`; of several that name the same one the last captures.
 *
 * @param onChange Called whenever a widget has captured something.
 */
export function createOutputWidgets(onChange: (update: WidgetUpdate) => void) {
  /** By comm; the one that began to capture last comes last. */
  const widgets = new Map<string, Widget>();
  const updates = new Map<string, WidgetUpdate>();

  function setState(widget: Widget, { msg_id: request, outputs }: JsonObject): void {
    if (Array.isArray(outputs)) widget.area.replace(toOutputs(outputs));
    if (typeof request !== 'string' || request === widget.captured) return;
    widget.captured = request;
    widgets.delete(widget.comm);
    widgets.set(widget.comm, widget);
  }

  function receiveComm({ header, content: anyContent }: KernelMessage.IIOPubMessage): void {
    const content = toObject(anyContent);
    const comm = content['comm_id'];
    if (typeof comm !== 'string') return;
    const state = toObject(toObject(content['data'])['state']);
    if (header.msg_type === 'comm_close') {
      widgets.delete(comm);
      updates.delete(comm);
    }
    if (header.msg_type === 'comm_open' && isOutputModel(content, state)) {
      widgets.set(comm, { comm, captured: '', area: createOutputArea() });
    }
    const widget = widgets.get(comm);
    if (widget !== undefined) setState(widget, state);
  }

  function capture({ comm, area }: Widget, message: KernelMessage.IIOPubMessage): boolean {
    const { msg_type: type } = message.header;
    const content = toObject(message.content);
    if (type === 'clear_output') {
      const wait = content['wait'] === true;
      area.clear(wait);
      if (wait) return true;
    } else {
      const output = type === 'update_display_data' ? undefined : toOutput(type, content);
      if (output === undefined) return false;
      area.append(output);
    }
    const update = { comm, outputs: area.outputs(), parent: message.parent_header };
    updates.set(comm, update);
    onChange(update);
    return true;
  }

  return {
    /** Takes an iopub message. Returns true for output that a widget captures, which is then not an output of the cell. */
    receive: (message: KernelMessage.IIOPubMessage): boolean => {
      if (message.header.msg_type.startsWith('comm_')) {
        receiveComm(message);
        return false;
      }
      const request = 'msg_id' in message.parent_header ? message.parent_header.msg_id : '';
      const widget = [...widgets.values()].findLast(({ captured }) => captured === request);
      return request !== '' && widget !== undefined && capture(widget, message);
    },
    /** Returns the changes since the last call, which are to be sent to the kernel. */
    takeUpdates: (): readonly WidgetUpdate[] => {
      const taken = [...updates.values()];
      updates.clear();
      return taken;
    },
  };
}

function isOutputModel(content: JsonObject, state: JsonObject): boolean {
  return (
    content['target_name'] === 'jupyter.widget' &&
    state['_model_module'] === '@jupyter-widgets/output' &&
    state['_model_name'] === 'OutputModel'
  );
}

/** Converts outputs that the kernel has set itself, as `append_stdout` of ipywidgets does; they have the format of a file. */
function toOutputs(values: readonly Json[]): readonly Output[] {
  return values.map(toObject).flatMap((value) => {
    const type = value['output_type'];
    return (typeof type === 'string' ? toOutput(type, value) : undefined) ?? [];
  });
}
