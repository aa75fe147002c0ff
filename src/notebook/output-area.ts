import type { Output } from './notebook.js';

/** The outputs of a cell or of an Output widget, by the rules of nbclient and the front ends. */
export interface OutputArea {
  readonly outputs: () => readonly Output[];
  /** Carries out a `clear_output`: at once, or, with `wait`, before the next output. */
  clear(wait: boolean): void;
  /** Appends an output; prints to the same stream in a row are one. */
  append(output: Output, displayId?: string): void;
  /** Gives the displays of that id the data of `output`. */
  update(displayId: string, output: Output): void;
  /** Replaces the outputs. */
  replace(outputs: readonly Output[]): void;
}

interface Slot {
  output: Output;
}

/** An area without outputs. */
export function createOutputArea(): OutputArea {
  let slots: Slot[] = [];
  const displays = new Map<string, Slot[]>();
  let clearFirst = false;

  const replace = (outputs: readonly Output[]): void => {
    slots = outputs.map((output) => ({ output }));
    displays.clear();
  };

  return {
    outputs: () => slots.map(({ output }) => output),
    clear: (wait) => {
      clearFirst = wait;
      if (!wait) replace([]);
    },
    append: (output, displayId) => {
      if (clearFirst) replace([]);
      clearFirst = false;
      const last = slots.at(-1);
      if (
        output.output_type === 'stream' &&
        last?.output.output_type === 'stream' &&
        last.output.name === output.name
      ) {
        last.output = { ...last.output, text: last.output.text + output.text };
        return;
      }
      const slot = { output };
      slots.push(slot);
      if (displayId !== undefined) displays.set(displayId, [...(displays.get(displayId) ?? []), slot]);
    },
    update: (displayId, output) => {
      for (const slot of displays.get(displayId) ?? []) {
        if ('data' in slot.output && 'data' in output)
          slot.output = { ...slot.output, data: output.data, metadata: output.metadata };
      }
    },
    replace,
  };
}
