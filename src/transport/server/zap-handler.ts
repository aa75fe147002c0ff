import { setTimeout as delay } from 'node:timers/promises';
import { Router, type Context } from 'zeromq';
import { receiveEach } from '../receive-each.js';
import { closeSockets } from '../watch-socket.js';
import {
  formatZapReply,
  parseZapRequest,
  type ZapRequest,
  type ZapReturnPath,
  type ZapVerdict,
} from './zap-message.js';

/**
 * Decides about a peer. A slow rule delays only the peer that it decides about; libzmq ends that connection at its handshake limit.
 */
export type ZapRule = (request: ZapRequest) => ZapVerdict | Promise<ZapVerdict>;

/**
 * Milliseconds before 300 is answered. libzmq then ends the connection, often at once: a client would come back ten times a second, and
 * could not tell it from a kernel with another key.
 */
const BUSY_DELAY = 1_500;

/**
 * Answers ZAP requests (ZeroMQ RFC 27) for every CURVE socket of one context. Each domain has a rule; a
 * domain without one, and a rule that throws, refuse.
 *
 * Without a handler libzmq admits every peer, unless the socket has a domain *and* `zapEnforceDomain`. So this handler is needed to admit
 * any peer, and those two options to refuse all others: see `curve-options.ts`.
 */
export class ZapHandler {
  readonly #socket: Router;
  readonly #rules = new Map<string, ZapRule>();
  readonly #answering: Promise<void>;

  /** Binds at once; throws when the context has a handler already. */
  constructor(context: Context) {
    this.#socket = new Router({ context, linger: 0, sendTimeout: 0 });
    this.#socket.bindSync('inproc://zeromq.zap.01');
    const answer = (frames: Buffer[]): void => {
      const asked = parseZapRequest(frames);
      if (asked) void this.#decide(asked.path, asked.request);
    };
    // A request that cannot be read or answered admits no peer.
    this.#answering = receiveEach(this.#socket, answer, () => undefined);
  }

  /** Puts `domain` under `rule`. The function returned removes the rule: from then on no new peer is admitted. */
  govern(domain: string, rule: ZapRule): () => void {
    if (this.#rules.has(domain)) throw new TypeError(`The ZAP domain ${domain} has a rule already.`);
    this.#rules.set(domain, rule);
    return () => void this.#rules.delete(domain);
  }

  /** Stops answering: no new peer is admitted anywhere in the context. Resolves when the socket is closed. */
  async close(): Promise<void> {
    await Promise.all([closeSockets(this.#socket), this.#answering]);
  }

  async #decide(path: ZapReturnPath, request: ZapRequest): Promise<void> {
    let verdict: ZapVerdict = 'refused';
    try {
      verdict = (await this.#rules.get(request.domain)?.(request)) ?? 'refused';
    } catch {
      // A rule that throws refuses.
    }
    if (verdict === 'busy') await delay(BUSY_DELAY, undefined, { ref: false });
    // Done at once or not at all; it fails when we are closed, or when the session that asked is gone.
    if (!this.#socket.closed) await this.#socket.send(formatZapReply(path, verdict)).catch(() => undefined);
  }
}
