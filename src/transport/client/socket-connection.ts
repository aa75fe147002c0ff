import type { Event, Socket } from 'zeromq';
import { judge, judgeResets, type Mechanism, type PeerFailure } from './classify-failure.js';
import { peekGreeting } from './peek-greeting.js';
import { watchSocket } from '../watch-socket.js';
import { uninterrupted } from '../../support/system-error.js';

/** What a {@link Link} keeps connected, and whom it tells. */
export interface LinkOptions {
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

/** After so many handshakes in a row that the peer ended without a word, it is asked for its greeting. */
const RESETS = 2;
/**
 * Milliseconds from the connection on in which the end of a handshake says something about keys: libzmq's own threads find a handshake
 * that they cannot read at once. Later it is the handshake limit of a kernel that is busy, or has stopped.
 */
const AT_ONCE = 1_000;
/** Least and most milliseconds between attempts while nobody listens there and the kernel, perhaps, is starting. */
const STARTING = [20, 100] as const;
/** The same for all other attempts. */
const RETURNING = [50, 1_000] as const;

/**
 * One connecting socket, kept connected.
 *
 * libzmq's own reconnecting would go on for ever after failures that nothing can mend (a wrong server key: seven times a
 * second), and its interval fits either a kernel that is starting or one that is gone, not both.
 */
export class Link {
  readonly #options: LinkOptions;
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

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Begins. Throws what libzmq says of an endpoint that nothing can be connected to, and of too many open sockets. */
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

  /** Whether anybody accepted a connection, with or without a handshake. */
  get reachedPeer(): boolean {
    return this.#reachedPeer;
  }

  /** No further attempt is made, and nobody is told anything any more. Closing the socket is its owner's matter. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #observe(event: Event): void {
    if (event.type === 'connect') {
      this.#reachedPeer = true;
      this.#connectedAt = performance.now();
    }
    const verdict = judge(event, this.#options.mechanism);
    if (this.#stopped || this.#examining || !verdict) return;
    if (verdict === 'up') return this.#rise();
    if (verdict === 'down') return this.#fall();
    if (verdict !== 'reset') return this.#fail(verdict);
    if (performance.now() - this.#connectedAt > AT_ONCE) return this.#fall();
    if (++this.#resets < RESETS) return this.#fall();
    void this.#examine();
  }

  async #examine(): Promise<void> {
    this.#examining = true;
    const failure = judgeResets(this.#options.mechanism, await peekGreeting(this.#options.endpoint));
    this.#examining = false;
    if (this.#stopped) return;
    if (failure) return this.#fail(failure);
    this.#resets = 0;
    this.#fall();
  }

  #rise(): void {
    this.#up = true;
    this.#wasUp = true;
    this.#attempts = 0;
    this.#resets = 0;
    this.#options.onUp();
  }

  /** One failed attempt is told by one event or by two; the timer makes them one. */
  #fall(): void {
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
    // To disconnect is to lose what is received and not read yet. It also drops requests that reached nobody, which is right:
    // whoever listens there next must not be surprised by them.
    if (socket.readable) {
      this.#timer = setTimeout(() => this.#reconnect(), RETURNING[0]);
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

  /** A kernel that starts is met within a few per cent of the time it took; one that is gone is left more and more alone. */
  #interval(): number {
    if (!this.#wasUp && !this.#reachedPeer) return Math.min(Math.max(STARTING[0], this.#attempts), STARTING[1]);
    return Math.min(RETURNING[0] * 2 ** this.#attempts, RETURNING[1]);
  }
}
