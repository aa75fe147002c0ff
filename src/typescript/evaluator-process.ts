/** An evaluator process: started, spoken to, and ended with everything that it has started. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { CurveKernelError } from '../errors.js';
import { createMemoryRelease } from '../support/release-memory.js';
import { startWatchdogProcess } from '../support/watchdog-process.js';
import type { Account } from './evaluator-account.js';
import type { EvaluatorCommand } from './evaluator-command.js';
import { createFrameReader, encodeFrame, EVALUATOR_LIMITS, type Frame } from './pipe/pipe-frames.js';
import { type EvaluatorMessage, type EvaluatorRequest, type ControlMessage } from './pipe/pipe-messages.js';
import { unfoldData } from './pipe/unfold-data.js';

/** The end of a process. */
export interface EvaluatorEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the kernel ended it, if it did. */
  readonly reason: string | undefined;
}

/** The program to start, with its folder, environment and account, and the callbacks for its messages, which must not throw. */
export interface EvaluatorProcessOptions {
  readonly command: EvaluatorCommand;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The account that it runs as, if that is not the kernel's own. */
  readonly account?: Account;
  readonly onMessage: (message: EvaluatorMessage, buffers: readonly Uint8Array[]) => void;
  /** Called with what native code and child processes write to descriptors 1 and 2. */
  readonly onRawOutput: (name: 'stdout' | 'stderr', text: string) => void;
}

/** Maximum number of turns of the event loop that output of descriptors 1 and 2 is waited for, while more keeps coming. */
const DRAIN_TURNS = 16;

/** For how long its messages may keep the event loop of the kernel, in milliseconds. */
const TURN_MS = 5;

/**
 * Kills the process group whose number it reads first, once the kernel is dead. The evaluator's two threads see to that themselves; but
 * before they listen, or when the process is stopped (SIGSTOP), only another process can. It is started before the evaluator.
 */
const WATCHDOG = `
read -r group || exit 0
read -r word && exit 0
kill -s KILL -- "-$group"
`;

/** A process and its five pipes. It is killed when it breaks their protocol: it runs foreign code. */
export class EvaluatorProcess {
  /** Resolves when the process is gone and everything it wrote was read. */
  readonly ended: Promise<EvaluatorEnd>;
  readonly #child: ChildProcess;
  #rawChunks = 0;
  #messageChunks = 0;
  readonly #frames: Frame[] = [];
  readonly #releaseMemory = createMemoryRelease();
  #isReading = false;
  #reason: string | undefined;

  /** Starts the process. It sends `ready` when it is. */
  constructor({ command, cwd, env, account, onMessage, onRawOutput }: EvaluatorProcessOptions) {
    const watchdog = startWatchdogProcess('jupyter-curve-evaluator-watchdog', WATCHDOG);
    this.#child = spawn(command.file, command.arguments, {
      cwd,
      env,
      ...(account && { uid: account.uid, gid: account.gid }),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      // A process group of its own, so that children of cells can be interrupted and ended with it.
      detached: true,
    });
    if (this.#child.pid === undefined) watchdog.release();
    else watchdog.write(String(this.#child.pid));
    this.#readRaw('stdout', onRawOutput);
    this.#readRaw('stderr', onRawOutput);
    this.#readMessages(onMessage);
    for (const at of [3, 5]) this.#pipe(at)?.on('error', () => {}); // its end is reported by `ended`
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => {
        if (this.#child.pid !== undefined) return;
        reject(
          new CurveKernelError('evaluator-failed', `The process that runs cells could not be started in ${cwd}.`, {
            hint: 'Check that the folder exists and that the Node binary is executable.',
            cause: error,
          }),
        );
      });
      this.#child.once('exit', (code, signal) => {
        this.#killGroup();
        watchdog.release();
        void this.#drainAll().then(() => resolve({ code, signal, reason: this.#reason }));
      });
    });
    this.ended.catch(() => {});
  }

  /** Whether it has ended. Its last output may still be on its way; see {@link ended}. */
  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a request to the main thread. Nothing happens when the process is gone. */
  send(request: EvaluatorRequest, buffers?: readonly Uint8Array[]): void {
    this.#write(3, encodeFrame(request, buffers));
  }

  /** Sends a message to the control thread, which listens also while a cell spins. */
  control(message: ControlMessage): void {
    this.#write(5, encodeFrame(message));
  }

  /**
   * Resolves when everything that was written to descriptors 1 and 2 before the last message has been delivered. It is in our receive
   * buffers by then: a full turn of the event loop without a chunk shows that they are empty. So do several turns, with or without
   * chunks: each reads more than the buffers hold.
   */
  async drain(): Promise<void> {
    // The rest of this turn shows nothing: it may have looked at the descriptors before that message was written.
    await endOfTurn();
    for (let turns = 0, before = -1; before !== this.#rawChunks && turns < DRAIN_TURNS; turns++) {
      before = this.#rawChunks;
      await endOfTurn();
    }
  }

  /** As {@link drain}, and everything that came as messages. */
  async #drainAll(): Promise<void> {
    await this.drain();
    for (let before = -1; before !== this.#messageChunks || this.#isReading;) {
      before = this.#messageChunks;
      await endOfTurn();
    }
  }

  /** Ends the process and everything in its group at once. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#killGroup();
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  /** Missing when the process could not be started. */
  #pipe(at: number): Socket | undefined {
    const pipe = this.#child.stdio[at];
    return pipe instanceof Socket ? pipe : undefined;
  }

  #write(at: number, frame: readonly Uint8Array[]): void {
    const pipe = this.#pipe(at);
    if (pipe?.writable === true) for (const piece of frame) pipe.write(piece);
  }

  #readRaw(name: 'stdout' | 'stderr', onRawOutput: EvaluatorProcessOptions['onRawOutput']): void {
    const decoder = new StringDecoder('utf8');
    this.#child[name]?.on('error', () => {});
    this.#child[name]?.on('data', (chunk: Buffer) => {
      this.#rawChunks++;
      const text = decoder.write(chunk);
      if (text !== '') onRawOutput(name, text);
    });
  }

  #readMessages(onMessage: EvaluatorProcessOptions['onMessage']): void {
    const reader = createFrameReader(EVALUATOR_LIMITS);
    const pipe = this.#pipe(4);
    pipe?.on('error', () => {});
    pipe?.on('data', (chunk: Buffer) => {
      if (this.#reason !== undefined) return;
      this.#messageChunks++;
      this.#releaseMemory(chunk.length);
      try {
        this.#frames.push(...reader.push(chunk));
      } catch (error) {
        this.#refuse(error);
      }
      if (!this.#isReading) void this.#deliver(pipe, onMessage);
    });
  }

  /** Delivers the frames that were read, in order, and lets the event loop turn where that takes long: user code may send anything. */
  async #deliver(pipe: Socket, onMessage: EvaluatorProcessOptions['onMessage']): Promise<void> {
    this.#isReading = true;
    try {
      let since = performance.now();
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        const unfolding = unfoldData(frame);
        for (;;) {
          const step = unfolding.next();
          if (performance.now() - since > TURN_MS) {
            pipe.pause();
            await endOfTurn();
            since = performance.now();
          }
          if (this.#reason !== undefined) return;
          if (step.done !== true) continue;
          onMessage(...step.value);
          break;
        }
      }
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#isReading = false;
      pipe.resume();
    }
  }

  #refuse(error: unknown): void {
    const why = error instanceof TypeError ? error.message : 'a message that cannot be handled';
    this.kill(`it broke its pipe to the kernel: ${why}`);
  }
}
