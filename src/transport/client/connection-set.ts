import type { CurveKernelError } from '../../errors.js';
import type { SocketName } from '../../protocol/message.js';
import { perSocket, SOCKET_NAMES } from '../../connection/per-socket.js';
import type { Mechanism } from './classify-failure.js';
import { dialFailure } from './dial-failure.js';
import type { ClientSockets } from './dial-sockets.js';
import { SocketConnection } from './socket-connection.js';

/** The protection of a socket. */
export interface SocketSecurity {
  readonly endpoint: string;
  /** As the socket itself reported when its last handshake had succeeded. */
  readonly mechanism: Mechanism;
}

/** Sockets and observers of a {@link ConnectionSet}. */
export interface ConnectionSetOptions {
  readonly sockets: ClientSockets;
  readonly endpoints: Readonly<Record<SocketName, string>>;
  readonly mechanism: Mechanism;
  /** All five handshakes succeeded: for the first time, or again. */
  readonly onUp: () => void;
  /** One of the connections, which was up, ended. */
  readonly onDown: (name: SocketName) => void;
  /** The first of the connections, which all were up, ended. */
  readonly onLost: (error: CurveKernelError) => void;
  /** One cannot succeed any more. All five have stopped. */
  readonly onFailure: (error: CurveKernelError) => void;
}

/** The five connections of a client, up or lost together. */
export class ConnectionSet {
  readonly #options: ConnectionSetOptions;
  readonly #connections: Readonly<Record<SocketName, SocketConnection>>;
  readonly #mechanisms = new Map<SocketName, Mechanism>();
  #allUp = false;

  constructor(options: ConnectionSetOptions) {
    this.#options = options;
    this.#connections = perSocket((name) => this.#connect(name));
  }

  /** Begins, with all five. Throws as {@link SocketConnection.connect} does. */
  connect(): void {
    for (const name of SOCKET_NAMES) this.#connections[name].connect();
  }

  /** Throws `peer-lost` unless all five are connected: the output or reply of a request would be lost. */
  checkUp(): void {
    const down = SOCKET_NAMES.find((name) => !this.#connections[name].up);
    if (down !== undefined) throw this.connectionError('peer-lost', down);
  }

  /** The protection of each socket. Throws `peer-silent` while there is one whose handshake never succeeded. */
  security(): Record<SocketName, SocketSecurity> {
    return perSocket((name) => {
      const mechanism = this.#mechanisms.get(name);
      if (!mechanism) throw this.connectionError('peer-silent', name);
      return { endpoint: this.#options.endpoints[name], mechanism };
    });
  }

  /** The error for a kernel that did not answer on all sockets in time. */
  silentError(): CurveKernelError {
    const name = SOCKET_NAMES.find((socket) => !this.#connections[socket].up) ?? 'shell';
    return this.connectionError('peer-silent', name, this.#connections[name].reachedPeer);
  }

  /** The error for what happened to one socket. */
  connectionError(code: CurveKernelError['code'], name: SocketName, reachedPeer = false): CurveKernelError {
    return dialFailure({ code, socket: name, endpoint: this.#options.endpoints[name], reachedPeer });
  }

  /** No further attempts. */
  stop(): void {
    for (const name of SOCKET_NAMES) this.#connections[name].stop();
  }

  /** Resolves when all five sockets, which their owner has closed, are gone. */
  async closed(): Promise<void> {
    await Promise.all(SOCKET_NAMES.map((name) => this.#connections[name].closed));
  }

  #connect(name: SocketName): SocketConnection {
    const { sockets, endpoints, mechanism, onFailure } = this.#options;
    return new SocketConnection({
      socket: sockets[name],
      endpoint: endpoints[name],
      mechanism,
      onUp: () => {
        this.#mechanisms.set(name, sockets[name].securityMechanism === 'curve' ? 'curve' : 'null');
        this.#rise();
      },
      onDown: () => this.#lose(name),
      onFailure: (code) => {
        this.stop();
        onFailure(this.connectionError(code, name));
      },
    });
  }

  #rise(): void {
    this.#allUp = SOCKET_NAMES.every((name) => this.#connections[name].up);
    if (this.#allUp) this.#options.onUp();
  }

  #lose(name: SocketName): void {
    this.#options.onDown(name);
    if (!this.#allUp) return;
    this.#allUp = false;
    this.#options.onLost(this.connectionError('peer-lost', name));
  }
}
