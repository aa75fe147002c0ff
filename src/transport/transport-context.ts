import { Context, context as processContext } from 'zeromq';
import { CurveKernelError } from '../errors.js';
import { FairScheduler } from './fair-scheduler.js';
import { ZapHandler } from './server/zap-handler.js';

/** A listener or dialer that a {@link TransportContext} closes. */
export interface Owned {
  close(): Promise<void>;
}

/** Options of a {@link TransportContext}. */
export interface TransportContextOptions {
  /**
   * Use the one ZeroMQ context of the process, which costs no threads, instead of a new one. Such a context can dial and
   * not listen: its ZAP endpoint may belong to other code. Default: false.
   */
  readonly shared?: boolean;
}

/** zeromq.js's default of 1,023 would do for 60 listeners or dialers. */
const MAX_SOCKETS = 16_384;

/** The one ZeroMQ context of the process. Its maximum number of sockets is fixed when the first one is opened. */
export function sharedContext(): Context {
  processContext.maxSockets = MAX_SOCKETS;
  return processContext;
}

/**
 * A ZeroMQ context with its ZAP handler, and the owner of every listener and dialer made in it.
 *
 * Make one per kernel and one per dialing process. Its two threads and six descriptors stay until the process ends: that is
 * how zeromq.js treats contexts, whatever is closed.
 */
export class TransportContext {
  /** For this room only. */
  readonly zmq: Context;
  /** For this room only: shares time among the senders to the listeners of this context. */
  readonly scheduler = new FairScheduler();
  readonly #shared: boolean;
  readonly #owned = new Set<Owned>();
  #zap: ZapHandler | undefined;
  #domains = 0;
  #closing: Promise<void> | undefined;

  constructor(options: TransportContextOptions = {}) {
    this.#shared = options.shared ?? false;
    this.zmq = this.#shared ? sharedContext() : new Context({ blocky: false, maxSockets: MAX_SOCKETS });
  }

  /** The handler that admits peers to this context's listeners; started when first asked for. */
  get zap(): ZapHandler {
    if (this.#shared) throw new TypeError('A shared TransportContext can dial and not listen.');
    this.checkOpen();
    return (this.#zap ??= new ZapHandler(this.zmq));
  }

  /** A ZAP domain that no other listener of this context has, never empty (an empty one would fail open). */
  newDomain(name: string): string {
    return `${++this.#domains}.${name.replace(/[^\w.-]/g, '_').slice(0, 128)}`;
  }

  /** Throws `transport-closed` after {@link close}. */
  checkOpen(): void {
    if (!this.#closing) return;
    throw new CurveKernelError('transport-closed', 'The transport context was closed.', {
      hint: 'Make a new TransportContext.',
    });
  }

  /** Has `owned` closed with this context. The function returned gives it up. */
  own(owned: Owned): () => void {
    this.checkOpen();
    this.#owned.add(owned);
    return () => void this.#owned.delete(owned);
  }

  /** Closes everything made in this context, then the ZAP handler. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const closed = await Promise.allSettled([...this.#owned].map((owned) => owned.close()));
    await this.#zap?.close();
    for (const end of closed) if (end.status === 'rejected') throw end.reason;
  }
}
