/** A client that only notes which numbers it is shown, and when its connection ended: fit for streams. */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import type { CurvePair } from '#src/keys/curve-pair.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { Message } from '#src/protocol/message.js';
import { openDialer } from '#src/transport/client/dialer.js';
import { eventually } from '../eventually.js';
import { plainText } from './kernel-client.js';

export interface Follower {
  /** What `display(n)` showed, in its order. */
  readonly numbers: readonly number[];
  /** The first loss of the connection. */
  readonly lost: Promise<void>;
  /** Resolves when it has heard something more. */
  more(): Promise<void>;
  execute(code: string): Promise<void>;
  close(): Promise<void>;
}

export interface FollowOptions {
  readonly pair?: CurvePair;
  readonly onMessage?: (message: Message) => void;
  /** As of a dialer. */
  readonly topics?: readonly string[];
}

/** Shows 1,000 numbers a second, fewer on a machine that is too busy for them, until `globalThis.stop` is set. */
export const STREAM = `globalThis.stop = false;
let n = 0;
while (!globalThis.stop) {
  for (let i = 0; i < 5; i++) display(n++);
  await new Promise((done) => setTimeout(done, 5));
}`;

export async function follow(connection: ConnectionInfo, options: FollowOptions = {}): Promise<Follower> {
  const numbers: number[] = [];
  const lost = new EventTarget();
  const dialer = await openDialer({
    connection,
    timeout: 60_000,
    routingId: randomUUID(),
    ...(options.pair === undefined ? {} : { client: options.pair }),
    ...(options.topics === undefined ? {} : { topics: options.topics }),
    onMessage: (channel, message) => {
      if (channel !== 'iopub') return;
      if (message.header.msg_type === 'display_data') numbers.push(Number(plainText(message)));
      options.onMessage?.(message);
    },
    onFailure: () => lost.dispatchEvent(new Event('lost')),
  });
  return {
    numbers,
    lost: new Promise((resolve) => lost.addEventListener('lost', () => resolve(), { once: true })),
    async more() {
      const { length } = numbers;
      await eventually(() => numbers.length > length, 'something more');
    },
    async execute(code) {
      const content = { code, silent: false, store_history: true, allow_stdin: false };
      await dialer.send(
        'shell',
        createMessage({ session: randomUUID(), username: 'test' }, 'execute_request', content),
      );
    },
    close: () => dialer.close(),
  };
}

/** Of numbers that should follow each other: how many do not follow the one before. */
export function faults(numbers: readonly number[]): number {
  return numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1).length;
}

/** The sockets of a connection on which anybody still listens. */
export async function openPorts({ ports, ip }: ConnectionInfo): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(ports).map(
      async ([name, port]: readonly [string, number]) =>
        new Promise<string | undefined>((resolve) => {
          const socket = connect(port, ip);
          socket.once('connect', () => (socket.destroy(), resolve(name)));
          socket.once('error', () => resolve(undefined));
        }),
    ),
  );
  return found.filter((name) => name !== undefined);
}
