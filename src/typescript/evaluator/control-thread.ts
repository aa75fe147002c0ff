/**
 * The evaluator's second thread. It listens to the kernel while the main thread is busy or blocked: it interrupts a cell that spins,
 * brings answers and output barriers to one that is blocked, and ends the process when the kernel is gone.
 */
import { Socket } from 'node:net';
import { kill, pid } from 'node:process';
import { workerData, type MessagePort } from 'node:worker_threads';
import { createFrameReader } from '../pipe/pipe-frames.js';
import type { ControlMessage } from '../pipe/pipe-messages.js';
import { createBuiltins } from './builtins.js';
import { createMainThreadInterrupt } from './interrupt/interrupt-main-thread.js';
import { openPipeToKernel, type SharedPipe } from './pipe-to-kernel.js';
import { FLAGS } from './thread-flags.js';

/** The data that the main thread starts the control thread with. */
export interface ControlThreadData {
  readonly pipe: SharedPipe;
  /** To the main thread: answers to blocking questions, and interrupts that a termination may have lost. */
  readonly port: MessagePort;
  /** The descriptor on which the kernel sends {@link ControlMessage}s. */
  readonly descriptor: number;
}

/** Maximum time, in milliseconds, for the main thread to write out printed text. */
const FLUSH_TIMEOUT = 3;

const { pipe, port, descriptor } = workerData as ControlThreadData;
const { flags } = pipe;
const { flush } = openPipeToKernel(pipe, createBuiltins(), () => {});
const interruptMainThread = createMainThreadInterrupt(flags, port);

const reader = createFrameReader();
const control = new Socket({ fd: descriptor, readable: true, writable: false });
control.on('data', (chunk: Buffer) => {
  for (const { value } of reader.push(chunk)) handleControl(value as unknown as ControlMessage);
});
control.on('error', endProcess);
control.on('close', endProcess);

// The main thread has printed. It gets a moment to write that out itself, which a cell that spins then does not do.
port.on('message', () =>
  setTimeout(() => {
    Atomics.store(flags, FLAGS.flushing, 0);
    flush();
  }, FLUSH_TIMEOUT),
);

function handleControl(message: ControlMessage): void {
  switch (message.type) {
    case 'interrupt':
      interruptMainThread(message);
      break;
    case 'outputBarrier':
      Atomics.store(flags, FLAGS.outputBarrier, message.number);
      Atomics.notify(flags, FLAGS.outputBarrier);
      break;
    case 'answer':
      port.postMessage(message);
      Atomics.add(flags, FLAGS.answers, 1);
      Atomics.notify(flags, FLAGS.answers);
      break;
  }
}

function endProcess(): void {
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    kill(pid, 'SIGKILL');
  }
}
