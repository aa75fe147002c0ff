import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endpoint } from '#src/connection/endpoints.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import type { Listener } from '#src/transport/server/listener.js';
import { pythonPath } from '../python.js';
import { repository } from '../repository.js';
import { aMessage, type Room } from './room.js';

/** One message that a {@link Reader} heard: its type, `n` and `loss` of its content. */
export type HeardByReader = readonly [msgType: string, n: number | null, loss: unknown];

/** A stock subscriber in a process of its own. */
export interface Reader {
  /** Sends it a signal, such as SIGSTOP. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** What it heard, once the message of type `end` has reached it; that is published until then. */
  readonly heard: () => Promise<readonly HeardByReader[]>;
}

/** Starts a reader that rests `delay` milliseconds after each message; resolves when it hears what is published. */
export async function startReader(room: Room, listener: Listener, delay = 0): Promise<Reader> {
  const { publicKey, secretKey } = room.server;
  const options = {
    endpoint: endpoint(listener.connection, 'iopub'),
    serverKey: publicKey,
    publicKey,
    secretKey: exposeZ85(secretKey),
    delay,
  };
  const program = join(repository, 'test/support/programs/reader.py');
  const child = spawn(pythonPath(), [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  room.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const repeatUntilLine = async (msgType: string): Promise<string> => {
    const publishing = setInterval(() => listener.publish(aMessage(msgType)), 20);
    try {
      const { value } = await lines.next();
      return String(value);
    } finally {
      clearInterval(publishing);
    }
  };
  await repeatUntilLine('hello');
  return {
    signal: (name) => void child.kill(name),
    heard: async () => JSON.parse(await repeatUntilLine('end')),
  };
}
