import { Socket } from 'node:net';

/** Signature and major version of ZMTP 3: all that a peer waits for before it names its own mechanism. */
const OPENING = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3]);
const GREETING_BYTES = 64;
const MECHANISM = { start: 12, end: 32 } as const;

/** The answer of a peer to the beginning of a greeting. */
export interface Greeting {
  /** True if a process accepted the connection, whatever it said. */
  readonly connected: boolean;
  /** The security mechanism that it names, such as `CURVE` or `NULL`; undefined without an answer in ZMTP 3. A peer may name anything. */
  readonly mechanism?: string;
}

/**
 * The security mechanism that the peer at `endpoint` names in its greeting (ZMTP 3.1, “The greeting”), such as `CURVE` or
 * `NULL`; undefined without an answer in ZMTP 3 within `timeout` milliseconds. Never rejects.
 *
 * libzmq tells its clients nothing about a handshake that the peer ended. This tells a kernel that could not read it from
 * something else that accepts connections and drops them, such as an ssh tunnel to a kernel that is not there yet.
 */
export async function peekGreeting(endpoint: string, timeout = 1_000): Promise<string | undefined> {
  return (await readGreeting(endpoint, timeout)).mechanism;
}

/** {@link peekGreeting}, which also tells a peer that says nothing from none. Reads no more than a greeting. Never rejects. */
export async function readGreeting(endpoint: string, timeout = 1_000): Promise<Greeting> {
  const connection = new Socket();
  const timer = setTimeout(() => connection.destroy(), timeout);
  let connected = false;
  connection.once('connect', () => (connected = true));
  try {
    connection.connect(address(endpoint));
    connection.write(OPENING);
    const received: Buffer[] = [];
    let length = 0;
    for await (const bytes of connection as AsyncIterable<Buffer>) {
      received.push(bytes);
      if ((length += bytes.length) < GREETING_BYTES) continue;
      const mechanism = mechanismOf(Buffer.concat(received));
      return mechanism === undefined ? { connected } : { connected, mechanism };
    }
  } catch {
    // Refused, reset, given up, or no address at all: there is no answer.
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
  return { connected };
}

function mechanismOf(greeting: Buffer): string | undefined {
  const isZmtp3 = greeting[0] === 0xff && greeting[9] === 0x7f && greeting[10] === 3;
  return isZmtp3 ? greeting.toString('latin1', MECHANISM.start, MECHANISM.end).replace(/\0+$/, '') : undefined;
}

function address(endpoint: string): { path: string } | { host: string; port: number } {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice('ipc://'.length) };
  const [, host = '', port] = /^tcp:\/\/\[?(.+?)\]?:(\d+)$/.exec(endpoint) ?? [];
  return { host, port: Number(port) };
}
