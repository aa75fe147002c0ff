import type { KernelMessage } from '@jupyterlab/services';
import { toObject } from './exact-content.js';
import type { Output } from './notebook.js';
import { outputFromMessage } from './output-from-message.js';

/** Collects the outputs of all cells of a run; a later cell may update a display of an earlier one. */
export interface OutputCollector {
  /** Empties the outputs of a cell that is about to run. */
  start(cell: number): void;
  /** Takes an iopub message that a cell caused. Messages that are no output change nothing. */
  receive(cell: number, message: KernelMessage.IIOPubMessage): void;
  /** The outputs of a cell; undefined for a cell that was not started. */
  outputs(cell: number): readonly Output[] | undefined;
}

/** A slot in a cell's outputs, whose content can be replaced. */
interface Slot {
  output: Output;
}

interface CellOutputs {
  readonly slots: Slot[];
  /** Set by `clear_output` with `wait`: the next output clears what is there. */
  clearFirst: boolean;
}

/**
 * Collects outputs by the rules of nbclient and the front ends: prints to the same stream in a row are one output,
 * `clear_output` clears immediately or before the next output, and `display_id`s are followed through the whole notebook.
 *
 * @param onOutput Called for each piece of output as it comes, before it is merged with the one before.
 */
export function createOutputCollector(onOutput: (cell: number, output: Output) => void): OutputCollector {
  const cells = new Map<number, CellOutputs>();
  /** By display id, then by cell. */
  const displays = new Map<string, Map<number, Slot[]>>();

  function clear(cell: number, { slots }: CellOutputs): void {
    slots.length = 0;
    for (const shown of displays.values()) shown.delete(cell);
  }

  function updateDisplays(id: string, output: Output): void {
    if (!('data' in output)) return;
    for (const slot of [...(displays.get(id)?.values() ?? [])].flat()) {
      if ('data' in slot.output) slot.output = { ...slot.output, data: output.data, metadata: output.metadata };
    }
  }

  function append(cell: number, here: CellOutputs, output: Output, displayId: string | undefined): void {
    if (here.clearFirst) clear(cell, here);
    here.clearFirst = false;
    const last = here.slots.at(-1);
    if (output.output_type === 'stream' && last?.output.output_type === 'stream' && last.output.name === output.name) {
      last.output = { ...last.output, text: last.output.text + output.text };
    } else {
      const slot = { output };
      here.slots.push(slot);
      if (displayId !== undefined) addDisplay(displayId, cell, slot);
    }
    onOutput(cell, output);
  }

  function addDisplay(id: string, cell: number, slot: Slot): void {
    const shown = displays.get(id) ?? new Map<number, Slot[]>();
    displays.set(id, shown.set(cell, [...(shown.get(cell) ?? []), slot]));
  }

  return {
    start: (cell) => {
      const here = cells.get(cell) ?? { slots: [], clearFirst: false };
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
    outputs: (cell) => cells.get(cell)?.slots.map((slot) => slot.output),
  };
}
