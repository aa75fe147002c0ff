import type { Event } from 'zeromq';
import type { SocketName } from '../../protocol/message.js';
import type { ListenerEvent } from './listener-event.js';
import type { ListenerLimits } from './listener-limits.js';

/**
 * Start monitoring disconnects at this part of the limit. A monitor costs 20 KiB and two descriptors, and a kernel with 200 clients has 1,000
 * sockets: always watched, they would take 20 MB and 2,000 descriptors more; never watched, peers that left could not be counted.
 */
const WATCH_FROM = 0.25;

/**
 * Limits the peers with an admitted key on one socket.
 *
 * libzmq reports `accept` and `disconnect` of each connection, and does not say which connection ended, nor whether its handshake
 * had succeeded: a frame beyond the limit in a handshake is reported as the end of a connection and no more. So the connections that exist
 * are counted, without those in their handshake. An end is taken to be that of a handshake while there is one. Should it have been that of
 * a peer, this shows at the next handshake or end that finds no other connection in its handshake.
 *
 * An unreadable message of a peer is reported as a failed handshake. On a socket that has a monitor its connection is then stuck: libzmq
 * 4.3.5 neither reads nor ends it, since writing to the monitor changes the errno that it looks at (stream_engine_base.cpp).
 *
 * A class, with as little in it as can be: a kernel with hundreds of clients has five for each.
 */
export class ConnectionLimiter {
  readonly #limits: Pick<ListenerLimits, 'peers' | 'handshake'>;
  #isWatched = false;
  /** Connections that exist. */
  #connections = 0;
  /** Those of them whose handshake has not ended. */
  #handshakes = 0;
  /** Those of them that libzmq has given up reading. */
  #stuck = 0;
  /** When each of the peers was admitted whose handshake is not known to have succeeded, on the clock of `performance.now`. */
  #entering: readonly number[] = NONE;

  constructor(limits: Pick<ListenerLimits, 'peers' | 'handshake'>) {
    this.#limits = limits;
  }

  /** Whether there are so many peers that monitoring has to start. */
  get wantsWatching(): boolean {
    return !this.#isWatched && this.#entering.length >= this.#limits.peers * WATCH_FROM;
  }

  /** From now on {@link observe} is called with every event. Peers that were admitted before count until as many connections have ended. */
  watch(): void {
    this.#isWatched = true;
    this.#connections = this.#entering.length;
    this.#entering = NONE;
  }

  /** Whether so many connections are stuck that the socket has to be bound again, which ends them. */
  get wantsRebinding(): boolean {
    return this.#stuck >= this.#limits.peers;
  }

  /** The socket was bound again: all its connections have ended, and libzmq reports none of that. */
  rebound(): void {
    this.#connections = 0;
    this.#handshakes = 0;
    this.#stuck = 0;
    this.#entering = NONE;
  }

  /** Admits one more peer, whose key is admitted; false at the limit. */
  tryAdmit(): boolean {
    if (this.#isWatched) this.#forgetLate();
    if (this.#connections - this.#handshakes - this.#stuck + this.#entering.length >= this.#limits.peers) return false;
    this.#entering = [...this.#entering, performance.now()];
    return true;
  }

  /** Counts an event of the monitor of `socket`; returns the event to report. */
  observe(socket: SocketName, event: Event): ListenerEvent | undefined {
    const { type } = event;
    if (type === 'accept') {
      this.#connections++;
      this.#handshakes++;
    } else if (type === 'handshake' || type === 'disconnect') {
      if (type === 'handshake') this.#entering = this.#entering.slice(1);
      else this.#connections = Math.max(0, this.#connections - 1);
      if (!this.#endHandshake()) return { kind: 'peer-left', socket };
    } else if (type === 'handshake:error:protocol' || type === 'handshake:error:other') {
      if (this.#handshakes > 0) return { kind: 'handshake-failed', socket, reason: event.error.code };
      this.#stuck++;
      return { kind: 'peer-left', socket };
    }
    return undefined;
  }

  /** False if no handshake was pending, so a peer has left. */
  #endHandshake(): boolean {
    if (this.#handshakes > 0) this.#handshakes--;
    else if (this.#stuck > 0) this.#stuck--;
    else return false;
    return true;
  }

  #forgetLate(): void {
    const eldest = performance.now() - this.#limits.handshake;
    this.#entering = this.#entering.filter((at) => at > eldest);
  }
}

const NONE: readonly number[] = [];
