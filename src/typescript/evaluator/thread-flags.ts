/** Indices into the array of numbers that the evaluator's main thread and its control thread share. Read and write it by `Atomics`. */
export const FLAGS = {
  // Interrupts: see interrupt/interrupt-main-thread.ts.
  /** The number of the last interrupt that the main thread has handled. */
  interruptSeen: 0,
  /** 1 while a request for a termination is on its way to the main thread. */
  terminationRequested: 1,
  /** 1 from the main thread's decision for a termination until V8 has terminated what runs. */
  terminating: 2,
  /** 1 while the main thread runs what no termination may cut: see interrupt/uninterruptible.ts. */
  uninterruptible: 3,
  /** 1 while the main thread waits for a child process (`execSync`), which only a signal ends. */
  child: 4,

  // What a blocked main thread waits for.
  /** The number of the last output barrier that the kernel has answered. */
  outputBarrier: 5,
  /** The number of blocking questions that were answered. */
  answers: 6,

  // The pipe to the kernel: see pipe-to-kernel.ts.
  /** 1 while a thread holds the pipe. */
  pipe: 7,
  /** Bytes of printed text that are still to be written out, the cell that printed them, and 1 for stderr. */
  printed: 8,
  printedCell: 9,
  printedName: 10,
  /** 1 while the control thread is to write printed text out soon. */
  flushing: 11,
} as const;

/** Room for every flag. */
export function createFlags(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * Object.keys(FLAGS).length));
}
