import type { CurveKernelError } from '../../errors.js';
import type { RequestChannel, SocketName } from '../../protocol/message.js';

/** Events of a listener beside messages. */
export type ListenerEvent =
  /** A message was thrown away. Its sender stays connected. */
  | { readonly kind: 'message-rejected'; readonly channel: RequestChannel; readonly error: CurveKernelError }
  /** `onMessage` or `onSubscribe` threw. */
  | { readonly kind: 'handler-failed'; readonly socket: SocketName; readonly error: unknown }
  /** CURVE only: a peer that holds `publicKey` was admitted, or refused. */
  | {
      readonly kind: 'peer-accepted' | 'peer-refused';
      readonly socket: SocketName;
      /** IP address for tcp; `localhost:uid:gid:pid` for ipc. */
      readonly address: string;
      readonly publicKey?: string;
      /** It was refused only because the socket has reached its limit of peers. */
      readonly limitExceeded?: boolean;
    }
  /** A connection ended before it was one: a plaintext peer, a wrong server key, garbage, a peer that says nothing. */
  | { readonly kind: 'handshake-failed'; readonly socket: SocketName; readonly reason: string }
  /** All connections to a socket were ended, and its address bound again: see {@link ListenerLimits.topicBytes}, and stuck connections. */
  | { readonly kind: 'connections-reset'; readonly socket: SocketName; readonly reason: 'topics' | 'stuck' }
  /** The connection of an admitted peer ended. */
  | { readonly kind: 'peer-left'; readonly socket: SocketName };
