/**
 * The lower seam: what stands behind a kernel's listeners. Messages come in as {@link Request}s and go out through them
 * and through the {@link Outlet}. A language is one kind of backend (language-backend.ts); another kernel, answering with
 * raw messages of its own, can be another.
 */
import type { JsonObject, Message, RequestChannel } from '../protocol/message.js';

/**
 * The reason for the end of a kernel. `died`: the backend has ended by itself, and its front end may start it again; what a restart needs
 * is kept.
 */
export type CloseReason = 'shutdown' | 'restart' | 'died';

/** An output, and the identity whose request caused it. */
export interface ShownOutput {
  /** The type of the message on iopub that showed it. */
  readonly msgType: string;
  /** The sender of the request. */
  readonly identity: string;
  /** The output's own, in which its groups are. */
  readonly metadata: JsonObject;
}

/** A message from a client, with the way back to it. */
export interface Request {
  readonly channel: RequestChannel;
  readonly message: Message;
  /** The sender: the identity that its listener admits, which is the user name in its header too. */
  readonly identity: string;
  /** The id of the grant on whose listener it arrived. An identity may hold several. */
  readonly grant: string;
  /** Equal for two requests exactly when they came from the same connection: same listener, same routing id. */
  readonly client: string;
  /** False for the owner of the connection file, whose access ends with the kernel alone. */
  readonly isRevocable: boolean;
  /** Answers on the channel, listener and routing id of this request. Never throws, also when the client is gone. */
  readonly reply: (message: Message) => void;
  /** Sends an `input_request` to the client that made this request, on its stdin channel. */
  readonly ask: (message: Message) => void;
  /**
   * True if its sender may still do this: to be checked again when a request has waited. If not, the sender has been told, and
   * nothing is to be done or said about the request.
   */
  isPermitted(): boolean;
  /** True if its sender may see an output, for replies that repeat one. */
  readonly maySee: (output: ShownOutput) => boolean;
  /** Nothing comes of it, because it answers no question that its sender was asked. */
  disregard(): void;
}

/** The way out for a backend, beside replies. */
export interface Outlet {
  /** Sends on iopub, to every listener. */
  publish(message: Message): void;
  /** Bytes of iopub that wait for the client that reads fastest; 0 where none is there. */
  readonly pressure: number;
  /** The backend was asked to end and has said so to its clients, or has died, and wants the kernel to end. */
  end(reason: CloseReason): void;
}

/** The requests of an ended grant that go on. */
export type RetainPolicy = 'nothing' | 'running' | 'everything';

/** Answers requests. */
export interface Backend {
  /** Called once, when the kernel can be reached and before the first request. */
  begin(): void;
  /** Takes a request and returns at once. Must not throw; {@link Request.reply} may come at any later time. */
  receive(request: Request): void;
  /** Stops what runs, as the SIGINT of a terminal does. */
  interrupt(): void;
  /** True while a request of this identity runs. */
  isRunning(identity: string): boolean;
  /** False while heartbeats of clients are to go unanswered. Default: always true. */
  isAlive?(): boolean;
  /**
   * A grant has ended, and its connections with it: what it is asked for fails, now and later. Unless that is retain, what it asked for
   * and has not begun never begins, and what it runs is interrupted. No other grant notices.
   */
  cancelRequests(grant: string, retain: RetainPolicy): void;
  /** Ends everything the backend started. Resolves within bounded time, never rejects. */
  close(reason: CloseReason): Promise<void>;
}

/** Makes a backend. Messages that it publishes before {@link Backend.begin} are lost. */
export type OpenBackend = (outlet: Outlet) => Backend;
