import type { Event, Socket } from 'zeromq';
import { classifyEvent, classifyResets, type Mechanism, type PeerFailure } from './classify-failure.js';
import { peekGreeting } from './peek-greeting.js';
import { watchSocket } from '../watch-socket.js';
import { uninterrupted } from '../../support/system-error.js';

/** Options of a {@link SocketConnection}. */
export interface SocketConnectionOptions {
  /** Must not reconnect by itself: libzmq tries once, and this link decides about the next attempt. */
  readonly socket: Socket;
  readonly endpoint: string;
  readonly mechanism: Mechanism;
  /** The handshake succeeded. */
  readonly onUp: () => void;
  /** The connection, which was up, ended. Another attempt follows. */
  readonly onDown: () => void;
  /** Every further attempt would fail in the same way, so none follows. */
  readonly onFailure: (code: PeerFailure) => void;
}

/** After so many handshakes in a row that the peer ended without a message, its greeting is read. */
const RESETS_BEFORE_PEEK = 2;
/**
 * Milliseconds from the connection on in which the end of a handshake says something about keys: libzmq's own threads find a handshake
 * that they cannot read at once. Later it is the handshake limit of a kernel that is busy, or has stopped.
 */
const RESET_WINDOW = 1_000;
/** Least and most milliseconds between attempts while there is no listener and the kernel, perhaps, is starting. */
const STARTING_INTERVALS = [20, 100] as const;
/** The same for all other attempts. */
const RECONNECT_INTERVALS = [50, 1_000] as const;

/**
 * One connecting socket, kept connected.
 *
 * libzmq's own reconnecting would go on for ever after failures that nothing can mend (a wrong server key: seven times a
 * second), and its interval fits either a kernel that is starting or one that is gone, not both.
 */
export class SocketConnection {
  readonly #options: SocketConnectionOptions;
  #closed: Promise<void> = Promise.resolve();
  #up = false;
  #wasUp = false;
  #reachedPeer = false;
  #stopped = false;
  #examining = false;
  #attempts = 0;
  #connectedAt = 0;
  #resets = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SocketConnectionOptions) {
    this.#options = options;
  }

  /** Begins. Throws the error of libzmq for an endpoint that no socket can connect to, and for too many open sockets. */
  connect(): void {
    const { socket, endpoint } = this.#options;
    this.#closed = watchSocket(socket, (event) => this.#observe(event));
    uninterrupted(() => socket.connect(endpoint));
  }

  /** Resolves when the socket, if it was ever connected, is really closed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Whether the handshake of the present connection succeeded. */
  get up(): boolean {
    return this.#up;
  }

  /** Whether a process accepted a connection, with or without a handshake. */
  get reachedPeer(): boolean {
    return this.#reachedPeer;
  }

  /** No further attempt is made, and no callback is called any more. The owner closes the socket. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #observe(event: Event): void {
    if (event.type === 'connect') {
      this.#reachedPeer = true;
      this.#connectedAt = performance.now();
    }
    const outcome = classifyEvent(event, this.#options.mechanism);
    if (this.#stopped || this.#examining || !outcome) return;
    if (outcome === 'up') return this.#handleUp();
    if (outcome === 'down') return this.#handleDown();
    if (outcome !== 'reset') return this.#fail(outcome);
    if (performance.now() - this.#connectedAt > RESET_WINDOW) return this.#handleDown();
    if (++this.#resets < RESETS_BEFORE_PEEK) return this.#handleDown();
    void this.#examine();
  }

  async #examine(): Promise<void> {
    this.#examining = true;
    const failure = classifyResets(this.#options.mechanism, await peekGreeting(this.#options.endpoint));
    this.#examining = false;
    if (this.#stopped) return;
    if (failure) return this.#fail(failure);
    this.#resets = 0;
    this.#handleDown();
  }

  #handleUp(): void {
    this.#up = true;
    this.#wasUp = true;
    this.#attempts = 0;
    this.#resets = 0;
    this.#options.onUp();
  }

  /** One failed attempt causes one event or two; the timer makes them one. */
  #handleDown(): void {
    this.#timer ??= setTimeout(() => this.#reconnect(), this.#interval());
    if (!this.#up) return;
    this.#up = false;
    this.#options.onDown();
  }

  #fail(code: PeerFailure): void {
    this.stop();
    this.#up = false;
    this.#options.onFailure(code);
  }

  #reconnect(): void {
    const { socket, endpoint } = this.#options;
    // To disconnect loses messages that are received and not read yet. It also drops requests that did not arrive, which is right:
    // the next listener there must not receive them.
    if (socket.readable) {
      this.#timer = setTimeout(() => this.#reconnect(), RECONNECT_INTERVALS[0]);
      return;
    }
    this.#timer = undefined;
    this.#attempts++;
    try {
      uninterrupted(() => socket.disconnect(endpoint));
    } catch {
      // After some failures libzmq has done so already.
    }
    uninterrupted(() => socket.connect(endpoint));
  }

  /** A starting kernel is reached within a few per cent of its start time; a kernel that is gone is tried less and less often. */
  #interval(): number {
    if (!this.#wasUp && !this.#reachedPeer)
      return Math.min(Math.max(STARTING_INTERVALS[0], this.#attempts), STARTING_INTERVALS[1]);
    return Math.min(RECONNECT_INTERVALS[0] * 2 ** this.#attempts, RECONNECT_INTERVALS[1]);
  }
}
