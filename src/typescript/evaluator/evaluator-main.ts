/**
 * The evaluator: the process that runs the user's TypeScript. It has no key, no connection file, no sockets: only pipes to
 * the kernel, which trusts nothing that comes out of them.
 */
import { Socket } from 'node:net';
import process from 'node:process';
import { MessageChannel, Worker } from 'node:worker_threads';
import { allowCores } from '../../keys/guard-process.js';
import { createFrameReader } from '../pipe/pipe-frames.js';
import type { EvaluatorRequest } from '../pipe/pipe-messages.js';
import { createBuiltins } from './builtins.js';
import { createRequestHandler } from './handle-request.js';
import { CONTROL_THREAD, INTERNAL_FOLDER, INTERNAL_URL } from './internals.js';
import { loadTranspiler } from './compile/transpile-code.js';
import { captureOutput } from './output/capture-output.js';
import { createCellTracker } from './run/cell-tracker.js';
import { installCellStacks } from './inspect/cell-stack.js';
import { createSharedPipe, openPipeToKernel } from './pipe-to-kernel.js';
import { installProcessHooks } from './run/process-hooks.js';
import { uninterruptible } from './interrupt/uninterruptible.js';
import { createFlags } from './thread-flags.js';
import type { ControlThreadData } from './control-thread.js';

// There are no keys here, but the account's files, which an inspector without a password would open to every other account.
process.on('SIGUSR1', () => {});
allowCores();

const REQUESTS = 3;
const MESSAGES = 4;
const CONTROL = 5;

const flags = createFlags();
const { port1: port, port2: controlPort } = new MessageChannel();
const sharedPipe = createSharedPipe(MESSAGES, flags);
const tracker = createCellTracker();
const builtins = createBuiltins();
const pipe = openPipeToKernel(sharedPipe, builtins, () => port.postMessage(null));
const { send } = pipe;
const data: ControlThreadData = { pipe: sharedPipe, port: controlPort, descriptor: CONTROL };
const controlThread = new Worker(CONTROL_THREAD, {
  workerData: data,
  transferList: [controlPort],
  // It holds next to nothing.
  resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
});
controlThread.on('error', () => process.kill(process.pid, 'SIGKILL'));
const stacks = installCellStacks([INTERNAL_FOLDER, INTERNAL_URL]);
const endGroups = captureOutput(pipe.print, tracker);
installProcessHooks({ pipe, tracker, stacks, flags, builtins });
const handle = createRequestHandler({ folder: process.cwd(), flags, send, tracker, stacks, port, builtins, endGroups });
send({ type: 'ready' });
// Before the first request is read, and while the kernel sends it.
setImmediate(loadTranspiler);

const inbox: EvaluatorRequest[] = [];
// Taken now: a cell that replaces them must not lose requests.
const put = inbox.push.bind(inbox);
const take = inbox.shift.bind(inbox);
const drain = (): void => {
  for (let next = take(); next !== undefined; next = take()) handle(next);
};
const reader = createFrameReader();
const requests = new Socket({ fd: REQUESTS, readable: true, writable: false });
requests.on('data', (chunk: Buffer) => {
  uninterruptible(flags, () => {
    const frames = reader.push(chunk);
    for (let at = 0; at < frames.length; at++) put(frames[at]?.value as unknown as EvaluatorRequest);
  });
  drain();
});
requests.on('close', () => process.kill(-process.pid, 'SIGKILL'));
// The control thread repeats interrupts that a termination may have lost.
port.on('message', (message: EvaluatorRequest) => {
  put(message);
  drain();
});
