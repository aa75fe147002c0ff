import type { XPublisher } from 'zeromq';
import type { Message, ParentHeader } from '../../protocol/message.js';
import type { ListenerLimits } from './listener-limits.js';
import { OutgoingQueue } from '../outgoing-queue.js';

/** Output that an identity does not get on iopub. */
export type OutputLoss =
  /** Output of one request was dropped, because the clients of the listener take it more slowly than it is made. */
  | {
      readonly kind: 'dropped';
      /** Of the messages that were dropped. */
      readonly parent: ParentHeader;
      readonly messages: number;
      readonly bytes: number;
    }
  /**
   * A client of the listener takes nothing, and held up the others. From now on it is left out until it reads again; libzmq tells
   * neither which one it is nor when it returns.
   */
  | {
      readonly kind: 'left-out';
      /** Of the message that was published then. */
      readonly parent: ParentHeader;
      /** For so long it had taken nothing. */
      readonly milliseconds: number;
    };

/** Options of a {@link PublishQueue}. */
export interface PublishQueueOptions {
  readonly socket: XPublisher;
  readonly limits: Pick<ListenerLimits, 'queuedOutput' | 'stalled'>;
  /** Subscriptions of all clients. */
  readonly subscriptions: () => number;
  /** Called with what was lost, before the next status message about the same request, or once the queue has drained. */
  readonly onLoss: (loss: OutputLoss) => void;
  readonly onPressure: (bytes: number) => void;
}

/** The header of a message and its parent, as the client of the listener is shown them. */
export type MessageHeaders = Pick<Message, 'header' | 'parent_header'>;

/** The types that a cell can produce without end. All others tell a client what state the kernel or a widget is in. */
const BULK = new Set(['stream', 'display_data', 'update_display_data', 'execute_result']);
/** Bytes from which such a message counts as bulk. */
const MIN_BULK_BYTES = 4_096;
/** The factor of the limit beyond which messages of any type are dropped: a kernel that runs out of memory ends for all its clients. */
const HARD_LIMIT_FACTOR = 4;
/** Of the limit, the part that may wait when losses are told outside of a status message. */
const DRAINED_PART = 0.5;
/** Requests whose losses are counted apart. */
const MAX_PARENTS = 100;

interface Dropped {
  readonly parent: ParentHeader;
  messages: number;
  bytes: number;
}

/**
 * The queue of iopub messages, in order. Back-pressure does not pass a PUB socket: libzmq drops every message that a subscriber has no
 * room for. With `noDrop` it refuses the message instead while *any* subscriber is full, so that what is dropped is decided here.
 */
export class PublishQueue {
  readonly #options: PublishQueueOptions;
  readonly #queue: OutgoingQueue;
  readonly #dropped = new Map<string, Dropped>();
  #lastParent: ParentHeader = {};
  #leavesOut = false;
  #isTelling = false;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
    this.#queue = new OutgoingQueue(options.socket, {
      onTaken: () => this.#taken(),
      onRefused: (milliseconds) => this.#refused(milliseconds),
    });
  }

  /** Bytes that wait for the slowest subscriber. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Publishes, or drops and counts. Never throws, never waits. */
  publish(frames: Uint8Array[], bytes: number, { header, parent_header: parent }: MessageHeaders): void {
    if (this.#dropped.size > 0 && header.msg_type === 'status') this.#tell(keyOf(parent));
    this.#lastParent = parent;
    if (this.#isTelling) return this.#queue.pushSecond(frames, bytes);
    if (this.#isTooMuch(bytes, header.msg_type)) return this.#drop(parent, bytes);
    this.#queue.push(frames, bytes);
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#queue.drained();
  }

  /** Drops everything that waits. */
  clear(): void {
    this.#dropped.clear();
    this.#queue.clear();
  }

  /** A single message may be larger than the limit. */
  #isTooMuch(bytes: number, msgType: string): boolean {
    const waiting = this.#queue.bytes;
    const limit = this.#options.limits.queuedOutput;
    if (waiting === 0 || waiting + bytes <= limit) return false;
    return (bytes > MIN_BULK_BYTES && BULK.has(msgType)) || waiting + bytes > limit * HARD_LIMIT_FACTOR;
  }

  #drop(parent: ParentHeader, bytes: number): void {
    const dropped = this.#dropped;
    const counted =
      dropped.get(keyOf(parent)) ?? (dropped.size < MAX_PARENTS ? undefined : [...dropped.values()].at(-1));
    if (counted === undefined) return void dropped.set(keyOf(parent), { parent, messages: 1, bytes });
    counted.messages++;
    counted.bytes += bytes;
  }

  #tell(key: string): void {
    const dropped = this.#dropped.get(key);
    if (dropped === undefined) return;
    this.#dropped.delete(key);
    this.#options.onLoss({ kind: 'dropped', ...dropped });
  }

  #taken(): void {
    if (this.#leavesOut) this.#endLeavingOut();
    this.#options.onPressure(this.bytes);
    if (this.#dropped.size === 0 || this.bytes > this.#options.limits.queuedOutput * DRAINED_PART) return;
    for (const key of this.#dropped.keys()) this.#tell(key);
  }

  #refused(milliseconds: number): void {
    const { socket, limits, subscriptions } = this.#options;
    this.#options.onPressure(this.bytes);
    if (milliseconds < limits.stalled || this.#leavesOut || subscriptions() < 2) return;
    this.#leavesOut = true;
    setNoDrop(socket, false);
    // What waits may hold the end of the request, after which front ends show nothing more of it.
    this.#isTelling = true;
    this.#options.onLoss({ kind: 'left-out', parent: this.#lastParent, milliseconds });
    this.#isTelling = false;
  }

  /**
   * One message has been sent with `noDrop` off. libzmq (dist.cpp) passes over a subscriber that had no room for it until that has
   * read half of its pipe, also with `noDrop` on. So the others lose nothing.
   */
  #endLeavingOut(): void {
    this.#leavesOut = false;
    setNoDrop(this.#options.socket, true);
  }
}

const keyOf = (parent: ParentHeader): string => parent.msg_id ?? '';

/** Takes effect at once (libzmq, xpub.cpp), though zeromq.js warns that it does so at the next bind. */
function setNoDrop(socket: XPublisher, noDrop: boolean): void {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    socket.noDrop = noDrop;
  } finally {
    if (original) Object.defineProperty(process, 'emitWarning', original);
  }
}
