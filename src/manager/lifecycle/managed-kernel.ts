import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo, Ports } from '../../connection/connection-info.js';
import type { JsonObject } from '../../protocol/message.js';
import { askControl } from '../client/control-client.js';
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

/** Changes that take effect with a restart. */
export interface RestartOptions {
  /** Generates a new signing key and, if encrypted, a new pair: old copies of the connection file become useless. */
  readonly rotateKeys?: boolean;
  /** Policy for this start and later ones; `disabled` drops the keys. */
  readonly transportEncryption?: TransportEncryption;
}

/** Options of {@link ManagedKernel.shutdown}. */
export interface ShutdownOptions {
  /** Kills it immediately instead of sending shutdown_request first. */
  readonly now?: boolean;
}

/** Dependencies of {@link ManagedKernel}. */
export interface ManagedKernelParts {
  readonly keys: KernelKeys;
  readonly run: KernelRun;
  readonly backoff: RestartBackoff;
  readonly onWarning: (warning: ManagerWarning) => void;
  /** Milliseconds for each step of a shutdown. */
  readonly shutdownTimeout: number;
}

/** Milliseconds for a reply to interrupt_request. */
const INTERRUPT_TIMEOUT = 10_000;

/**
 * A kernel with its current process: interrupts, restarts and ends it, and restarts it when it dies by itself. Created by `startKernel`.
 * Restarts and shutdowns run one at a time: a second call waits for the first.
 */
export class ManagedKernel implements AsyncDisposable {
  readonly #events = new KernelEvents();
  readonly #parts: ManagedKernelParts;
  #plan: KernelPlan;
  #keys: KernelKeys;
  #run: KernelRun;
  #state: KernelState = 'ready';
  #work: Promise<void> = Promise.resolve();
  /** Number of restart and shutdown calls that are pending. */
  #pendingCalls = 0;
  /** Aborted when a call replaces the automatic restart in progress. */
  #recovery = new AbortController();
  /** Aborted by a shutdown with `now`: no start is waited for any more. */
  readonly #killing = new AbortController();
  /** True while the process of `#run` may still exist. */
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

  /** The connection with all keys, even if the file has no secret key. A restart replaces it. */
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

  /** Undefined if the process does not run on this machine. */
  get pid(): number | undefined {
    return this.#run.process.pid;
  }

  get state(): KernelState {
    return this.#state;
  }

  /** Adds a listener, and returns a function that removes it. Listeners are called synchronously, in order. */
  on<E extends keyof ManagedKernelEvents>(event: E, listener: (detail: ManagedKernelEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Interrupts the running cell by the kernelspec's `interrupt_mode`: SIGINT to the kernel and its children, or interrupt_request.
   *
   * @throws CurveKernelError `kernel-died` unless it is ready; `peer-silent` without a reply within ten seconds.
   */
  async interrupt(): Promise<void> {
    if (this.#state !== 'ready') throw kernelUnavailableError(this.#plan, this.#state);
    if (this.spec.interruptMode === 'signal') return this.#run.process.signal('SIGINT');
    await askControl({ connection: this.connection, timeout: INTERRUPT_TIMEOUT }, 'interrupt_request', {});
  }

  /**
   * Ends the process and starts another with the same connection file, and the same ports if they are still free. Also revives a dead
   * kernel.
   *
   * @throws CurveKernelError as `startKernel` does; the kernel is dead then.
   */
  async restart(options: RestartOptions = {}): Promise<void> {
    this.#decide(options); // An invalid request is refused before it stops an automatic restart.
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
   * Ends the kernel for good (shutdown_request, then SIGTERM, then SIGKILL) and removes the connection file. With `now` it is killed
   * immediately, even during another shutdown. Calling it again has no effect.
   *
   * @throws CurveKernelError `shutdown-failed`; the call can be repeated then.
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
    const decision = decideEncryption(plan.original, plan);
    return { ...decision, plan: { ...plan, spec: decision.spec } };
  }

  async #end(now: boolean, restart: boolean): Promise<void> {
    if (this.#running) await endRun(this.#run, { now, restart, stepTimeout: this.#parts.shutdownTimeout });
    this.#running = false;
  }

  /** Runs a task of a call after the earlier ones, and stops an automatic restart. */
  async #onDemand(task: () => Promise<void>): Promise<void> {
    this.#pendingCalls += 1;
    this.#recovery.abort();
    try {
      await this.#inTurn(task);
    } finally {
      this.#pendingCalls -= 1;
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
    void run.process.exited.then((ended) =>
      // A call that ends it changes the state first.
      this.#run === run && this.#state === 'ready' ? this.#inTurn(() => this.#recover(run, ended)) : undefined,
    );
  }

  async #recover(run: KernelRun, ended: ProcessEnd): Promise<void> {
    if (this.#run !== run || this.#state !== 'ready' || this.#pendingCalls > 0) return;
    const { backoff } = this.#parts;
    const { signal } = (this.#recovery = new AbortController());
    this.#state = 'restarting';
    await run.process.cleanUp();
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
