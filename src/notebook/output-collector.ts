import type { KernelMessage } from '@jupyterlab/services';
import { toObject } from './check-shape.js';
import type { Output } from './notebook.js';
import { createOutputArea, type OutputArea } from './output-area.js';
import { toOutput } from './output-from-message.js';

/**
 * Collects the outputs of all cells of a run; a later cell may update a display of an earlier one.
 *
 * @param onOutput Called for each piece of output as it comes, before it is merged with the one before.
 */
export function createOutputCollector(onOutput: (cell: number, output: Output) => void) {
  const areas = new Map<number, OutputArea>();
  return {
    /** Empties the outputs of a cell that is about to run. */
    start: (cell: number): void => void areas.set(cell, createOutputArea()),
    /** Takes an iopub message that a cell caused. Messages that are no output change nothing. */
    receive: (cell: number, message: KernelMessage.IIOPubMessage): void => {
      const area = areas.get(cell);
      if (area === undefined) return;
      const content = toObject(message.content);
      if (message.header.msg_type === 'clear_output') return area.clear(content['wait'] === true);
      const output = toOutput(message.header.msg_type, content);
      if (output === undefined) return;
      const { display_id: id } = toObject(content['transient']);
      const displayId = typeof id === 'string' ? id : undefined;
      if (displayId !== undefined) for (const each of areas.values()) each.update(displayId, output);
      if (message.header.msg_type === 'update_display_data') return;
      area.append(output, displayId);
      onOutput(cell, output);
    },
    /** The outputs of a cell; undefined for a cell that was not started. */
    outputs: (cell: number): readonly Output[] | undefined => areas.get(cell)?.outputs(),
  };
}
