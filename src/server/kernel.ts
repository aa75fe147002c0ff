import type { ConnectionInfo } from '../connection/connection-info.js';
import type { MessageOrigin } from '../protocol/create-message.js';
import type { ListenerEvent } from '../transport/server/listener-event.js';
import { TransportContext } from '../transport/transport-context.js';
import type { Backend, CloseReason, OpenBackend } from './backend.js';
import type { AccessOptions } from './rules/access-options.js';
import type { Alarm } from './audit/journal.js';
import type { Access } from '../access/access.js';
import { KernelServer } from './kernel-server.js';

/** Options of {@link Kernel.open}. */
export interface KernelOptions {
  readonly connection: ConnectionInfo;
  readonly origin: MessageOrigin;
  readonly openBackend: OpenBackend;
  /** The sources of access rules. Default: grants are made only while the kernel runs. */
  readonly access?: AccessOptions;
  /** The file that the connection was read from. The state that a restart needs lies beside it. */
  readonly connectionFile?: string;
  /** Called with the events of each listener. Without it, few connections are monitored. */
  readonly onEvent?: (event: ListenerEvent, identity: string) => void;
  /** Called with problems of the access rules, the audit and the stored state. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** The end of a kernel. */
export interface KernelEnd {
  /** The client that ended it means to start it again. */
  readonly restart: boolean;
}

/** Milliseconds in which the last messages may still reach their clients. */
const LINGER = 1_000;

/**
 * A backend behind listeners, one for each client that was granted access: requests go in by the listener they came on, what is
 * published goes out by all whose client may see it.
 */
export class Kernel {
  /** Resolves when everything that the kernel opened is closed, whatever ended it. Never rejects. */
  readonly closed: Promise<KernelEnd>;
  readonly #context = new TransportContext();
  readonly #backend: Backend;
  readonly #server: KernelServer;
  #connection: ConnectionInfo;
  #began = false;
  #closing = false;
  #resolveClosed: (end: KernelEnd) => void = () => undefined;

  private constructor({ connection, openBackend, connectionFile, access = {}, ...options }: KernelOptions) {
    this.#connection = connection;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#server = new KernelServer({
      ...options,
      context: this.#context,
      connectionFile,
      access,
      backend: () => this.#reachable(),
    });
    this.#backend = openBackend({
      publish: (message) => this.#server.publish(message),
      end: (reason) => void this.close(reason),
    });
  }

  /**
   * Resolves when the sockets are bound, and have refused a stranger and a plaintext peer under CURVE.
   *
   * @throws CurveKernelError as {@link openListener} does, 'policy-invalid' for a verifier that cannot be used; the backend is closed then
   */
  static async open(options: KernelOptions): Promise<Kernel> {
    const kernel = new Kernel(options);
    try {
      kernel.#connection = await kernel.#server.open(options.connection);
      kernel.#reachable();
      return kernel;
    } catch (error) {
      await kernel.close();
      throw error;
    }
  }

  /** The access control of the kernel, on behalf of this program. */
  get access(): Access {
    return this.#server.access;
  }

  /** The connection of its owner, with the real ports. */
  get connection(): ConnectionInfo {
    return this.#connection;
  }

  /** Stops the code that runs, as the SIGINT of a terminal does. */
  interrupt(): void {
    this.#backend.interrupt();
  }

  /** Ends the backend, lets the last messages go, closes the sockets. Resolves within seconds, and never rejects. */
  async close(reason: CloseReason = 'shutdown'): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      await this.#backend.close(reason);
      await this.#server.close(reason, LINGER);
      await this.#context.close();
      this.#resolveClosed({ restart: reason === 'restart' });
    }
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The backend, which has begun: a client can reach it. */
  #reachable(): Backend {
    if (!this.#began) {
      this.#began = true;
      this.#backend.begin();
    }
    return this.#backend;
  }
}
