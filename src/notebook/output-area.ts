import type { Output } from './notebook.js';

/** The outputs of a cell or of an Output widget. */
export type OutputArea = ReturnType<typeof createOutputArea>;

interface Slot {
  output: Output;
}

/** An area without outputs, which follows the rules of nbclient and the front ends. */
export function createOutputArea() {
  let slots: Slot[] = [];
  const displays = new Map<string, Slot[]>();
  let clearFirst = false;

  const replace = (outputs: readonly Output[]): void => {
    slots = outputs.map((output) => ({ output }));
    displays.clear();
  };

  return {
    outputs: (): readonly Output[] => slots.map(({ output }) => output),
    replace,
    /** Carries out a `clear_output`: at once, or, with `wait`, before the next output. */
    clear: (wait: boolean): void => {
      clearFirst = wait;
      if (!wait) replace([]);
    },
    /** Appends an output; prints to the same stream in a row are one. */
    append: (output: Output, displayId?: string): void => {
      if (clearFirst) replace([]);
      clearFirst = false;
      const last = slots.at(-1);
      const { output: shown } = last ?? {};
      if (last && shown?.output_type === 'stream' && output.output_type === 'stream' && shown.name === output.name) {
        last.output = { ...shown, text: shown.text + output.text };
        return;
      }
      const slot = { output };
      slots.push(slot);
      if (displayId !== undefined) displays.set(displayId, [...(displays.get(displayId) ?? []), slot]);
    },
    /** Gives the displays of that id the data of `output`. */
    update: (displayId: string, output: Output): void => {
      for (const slot of displays.get(displayId) ?? []) {
        if ('data' in slot.output && 'data' in output)
          slot.output = { ...slot.output, data: output.data, metadata: output.metadata };
      }
    },
  };
}
