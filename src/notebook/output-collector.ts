import type { KernelMessage } from '@jupyterlab/services';
import { toObject } from './exact-content.js';
import type { Output } from './notebook.js';
import { outputFromMessage } from './output-from-message.js';

/** Outputs of all cells of one run; a display shown in one cell may be updated by a later one. */
export interface OutputCollector {
  /** Empties the outputs of a cell that is about to run. */
  start(cell: number): void;
  /** Takes in an iopub message that a cell caused. Messages that are no output change nothing. */
  receive(cell: number, message: KernelMessage.IIOPubMessage): void;
  /** The outputs of a cell; undefined for a cell that was not started. */
  outputs(cell: number): readonly Output[] | undefined;
}

/** A place in a cell's outputs: what stands there may be replaced. */
interface Place {
  output: Output;
}

interface CellOutputs {
  readonly places: Place[];
  /** Set by `clear_output` with `wait`: the next output clears what is there. */
  clearFirst: boolean;
}

/**
 * Collects outputs by the rules of nbclient and the front ends: prints to the same stream in a row are one output,
 * `clear_output` clears at once or before the next output, and `display_id`s are followed through the whole notebook.
 *
 * @param onOutput Called for each piece of output as it comes, before it is merged with the one before.
 */
export function createOutputCollector(onOutput: (cell: number, output: Output) => void): OutputCollector {
  const cells = new Map<number, CellOutputs>();
  /** By display id, then by cell. */
  const displays = new Map<string, Map<number, Place[]>>();

  function clear(cell: number, { places }: CellOutputs): void {
    places.length = 0;
    for (const shown of displays.values()) shown.delete(cell);
  }

  function updateDisplays(id: string, output: Output): void {
    if (!('data' in output)) return;
    for (const place of [...(displays.get(id)?.values() ?? [])].flat()) {
      if ('data' in place.output) place.output = { ...place.output, data: output.data, metadata: output.metadata };
    }
  }

  function append(cell: number, here: CellOutputs, output: Output, displayId: string | undefined): void {
    if (here.clearFirst) clear(cell, here);
    here.clearFirst = false;
    const last = here.places.at(-1);
    if (output.output_type === 'stream' && last?.output.output_type === 'stream' && last.output.name === output.name) {
      last.output = { ...last.output, text: last.output.text + output.text };
    } else {
      const place = { output };
      here.places.push(place);
      if (displayId !== undefined) remember(displayId, cell, place);
    }
    onOutput(cell, output);
  }

  function remember(id: string, cell: number, place: Place): void {
    const shown = displays.get(id) ?? new Map<number, Place[]>();
    displays.set(id, shown.set(cell, [...(shown.get(cell) ?? []), place]));
  }

  return {
    start: (cell) => {
      const here = cells.get(cell) ?? { places: [], clearFirst: false };
      clear(cell, here);
      here.clearFirst = false;
      cells.set(cell, here);
    },
    receive: (cell, message) => {
      const here = cells.get(cell);
      if (here === undefined) return;
      const content = toObject(message.content);
      if (message.header.msg_type === 'clear_output') {
        if (content['wait'] === true) here.clearFirst = true;
        else clear(cell, here);
        return;
      }
      const output = outputFromMessage(message);
      if (output === undefined) return;
      const id = toObject(content['transient'])['display_id'];
      const displayId = typeof id === 'string' ? id : undefined;
      if (displayId !== undefined) updateDisplays(displayId, output);
      if (message.header.msg_type !== 'update_display_data') append(cell, here, output, displayId);
    },
    outputs: (cell) => cells.get(cell)?.places.map((place) => place.output),
  };
}
