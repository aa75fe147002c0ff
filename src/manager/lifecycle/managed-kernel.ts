import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo, Ports } from '../../connection/connection-info.js';
import type { JsonObject } from '../../protocol/message.js';
import { askControl } from '../client/ask-control.js';
import type { RestartBackoff } from './auto-restart.js';
import {
  decideEncryption,
  type EncryptionDecision,
  type ManagerWarning,
  type TransportEncryption,
} from '../../launch/encryption-policy.js';
import { endRun } from './end-run.js';
import { KernelEvents, type ManagedKernelEvents } from './kernel-events.js';
import { asKernelError, kernelDiedError, kernelUnavailableError, type KernelState } from './kernel-failure.js';
import { issueKeys, type KernelKeys } from '../../launch/kernel-keys.js';
import { startRun, type KernelPlan, type KernelRun, type KernelSecurity } from './kernel-run.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import type { ProcessEnd } from '../../launch/process-launcher.js';

export type { KernelState };

/** What may change when a kernel is restarted. */
export interface RestartOptions {
  /** New signing key and, where encrypted, a new pair: whoever holds the old connection file is out. */
  readonly rotateKeys?: boolean;
  /** A policy for this start and later ones; `disabled` drops the keys. */
  readonly transportEncryption?: TransportEncryption;
}

/** How a kernel ends. */
export interface ShutdownOptions {
  /** Kill it at once instead of asking first. */
  readonly now?: boolean;
}

/** What {@link ManagedKernel} is made of, beside the plan. */
export interface ManagedKernelParts {
  readonly keys: KernelKeys;
  readonly run: KernelRun;
  readonly backoff: RestartBackoff;
  readonly onWarning: (warning: ManagerWarning) => void;
  /** Milliseconds for each step of a shutdown. */
  readonly patience: number;
}

/** Milliseconds for an answer to interrupt_request. */
const INTERRUPT_TIMEOUT = 10_000;

/**
 * A kernel process and whoever takes its place: interrupts, restarts and ends it, and brings it back when it dies by itself. Made by
 * `startKernel`. One thing is done at a time: a second call waits for the first.
 */
export class ManagedKernel implements AsyncDisposable {
  readonly #events = new KernelEvents();
  readonly #parts: ManagedKernelParts;
  #plan: KernelPlan;
  #keys: KernelKeys;
  #run: KernelRun;
  #state: KernelState = 'ready';
  #work: Promise<void> = Promise.resolve();
  /** Calls of restart and shutdown that are not done. */
  #demands = 0;
  /** Aborted when somebody wants something else than the automatic restart that goes on. */
  #recovery = new AbortController();
  /** Aborted when it is to be killed: then no start is worth waiting for. */
  readonly #killing = new AbortController();
  /** Whether the process of `#run` may still be there. */
  #running = true;

  constructor(plan: KernelPlan, parts: ManagedKernelParts) {
    this.#plan = plan;
    this.#parts = parts;
    this.#keys = parts.keys;
    this.#run = parts.run;
    this.#watch(parts.run);
  }

  get id(): string {
    return this.#plan.id;
  }

  get spec(): KernelSpec {
    return this.#plan.spec;
  }

  get connectionFile(): string {
    return this.#plan.file.path;
  }

  /** With the keys, also where the file has no secret. Another one after a restart. */
  get connection(): ConnectionInfo {
    return this.#run.connection;
  }

  get security(): KernelSecurity {
    return this.#run.security;
  }

  /** The content of the kernel_info_reply. */
  get info(): JsonObject {
    return this.#run.info;
  }

  /** Undefined where the process is not on this machine. */
  get pid(): number | undefined {
    return this.#run.process.pid;
  }

  get state(): KernelState {
    return this.#state;
  }

  /** Returns how to stop listening. Listeners are called at once, in order. */
  on<E extends keyof ManagedKernelEvents>(event: E, listener: (detail: ManagedKernelEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Interrupts the running cell the way the kernelspec asks for: SIGINT to the kernel and its children, or interrupt_request.
   *
   * @throws CurveKernelError `kernel-died` unless it is ready; `peer-silent` when a kernel does not answer within ten seconds.
   */
  async interrupt(): Promise<void> {
    if (this.#state !== 'ready') throw kernelUnavailableError(this.#plan, this.#state);
    if (this.spec.interruptMode === 'signal') return this.#run.process.signal('SIGINT');
    await askControl({ connection: this.connection, timeout: INTERRUPT_TIMEOUT }, 'interrupt_request', {});
  }

  /**
   * Ends the process and starts another with the same connection file, and the same ports where they are still free. Also revives
   * a dead kernel. Throws as `startKernel` does; the kernel is dead then.
   */
  async restart(options: RestartOptions = {}): Promise<void> {
    this.#decide(options); // What cannot be is refused before an automatic restart is given up for it.
    await this.#onDemand(async () => {
      if (this.#state === 'closed' || this.#killing.signal.aborted) throw kernelUnavailableError(this.#plan, 'closed');
      const { plan, encrypt, warning } = this.#decide(options);
      this.#state = 'restarting';
      this.#events.emit('restarting', { automatic: false, attempt: 1 });
      try {
        if (warning !== undefined && plan.policy !== this.#plan.policy) this.#parts.onWarning(warning);
        await this.#end(false, true);
        this.#plan = plan;
        this.#keys = await issueKeys(encrypt, options.rotateKeys === true ? undefined : this.#keys);
        await this.#start(false, this.connection.ports, this.#killing.signal);
      } catch (error) {
        await this.#die(error);
        throw error;
      }
    });
  }

  /**
   * Ends the kernel for good: asks, then SIGTERM, then SIGKILL, and removes the connection file. With `now` it is killed at once,
   * also where it was being asked. Calling it again is harmless.
   *
   * @throws CurveKernelError `shutdown-failed`; it can be tried again then.
   */
  async shutdown({ now = false }: ShutdownOptions = {}): Promise<void> {
    if (now) {
      this.#killing.abort(kernelUnavailableError(this.#plan, 'closed'));
      if (this.#running) this.#run.process.signal('SIGKILL');
    }
    await this.#onDemand(async () => {
      if (this.#state === 'closed' && !this.#running) return;
      this.#state = 'closed';
      await this.#end(now, false);
      await this.#plan.file.remove();
      this.#events.emit('closed', {});
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #decide({ transportEncryption }: RestartOptions): EncryptionDecision & { readonly plan: KernelPlan } {
    const plan = { ...this.#plan, policy: transportEncryption ?? this.#plan.policy };
    return { plan, ...decideEncryption(plan.spec, plan) };
  }

  async #end(now: boolean, restart: boolean): Promise<void> {
    if (this.#running) await endRun(this.#run, { now, restart, patience: this.#parts.patience });
    this.#running = false;
  }

  /** In turn, and instead of whatever an automatic restart has in mind. */
  async #onDemand(task: () => Promise<void>): Promise<void> {
    this.#demands += 1;
    this.#recovery.abort();
    try {
      await this.#inTurn(task);
    } finally {
      this.#demands -= 1;
    }
  }

  async #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#work.then(task);
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async #start(automatic: boolean, ports?: Ports, signal?: AbortSignal): Promise<void> {
    this.#run = await startRun(this.#plan, this.#keys, signal, ports);
    this.#running = true;
    this.#state = 'ready';
    this.#parts.backoff.ready();
    this.#watch(this.#run);
    this.#events.emit('restarted', { automatic });
  }

  #watch(run: KernelRun): void {
    void run.exited.then((ended) =>
      // Whoever ends it on purpose says so first.
      this.#run === run && this.#state === 'ready' ? this.#inTurn(() => this.#recover(run, ended)) : undefined,
    );
  }

  async #recover(run: KernelRun, ended: ProcessEnd): Promise<void> {
    if (this.#run !== run || this.#state !== 'ready' || this.#demands > 0) return;
    const { backoff } = this.#parts;
    const { signal } = (this.#recovery = new AbortController());
    this.#state = 'restarting';
    await run.cleanUp();
    this.#running = false;
    let error = kernelDiedError(this.#plan, ended);
    for (let wait = backoff.died(); wait !== undefined; wait = backoff.failed()) {
      this.#events.emit('restarting', { automatic: true, attempt: backoff.deaths, ended });
      try {
        await delay(wait, undefined, { signal });
        return await this.#start(true, run.connection.ports, signal);
      } catch (cause) {
        if (signal.aborted) return;
        error = asKernelError(cause);
        if (error.code !== 'kernel-start-failed' && error.code !== 'kernel-start-timeout') break;
      }
    }
    await this.#die(error);
  }

  async #die(error: unknown): Promise<void> {
    this.#state = 'dead';
    await this.#plan.file.remove();
    this.#events.emit('dead', { error: asKernelError(error) });
  }
}
