/** Runs code on a kernel, as a client of its own. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { openKernelChannels } from '#src/manager/client/kernel-channels.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { Message } from '#src/protocol/message.js';

const LONGEST = 60_000;

export interface Execution {
  /** Resolves with the text on stdout once the kernel is idle again, or with the name of the error. */
  readonly done: Promise<string>;
  /** Resolves when the code has printed something: only then is an interrupt sure to meet it. */
  readonly begun: Promise<void>;
  close(): Promise<void>;
}

export async function beginExecution(connection: ConnectionInfo, code: string): Promise<Execution> {
  const request = createMessage({ session: randomUUID(), username: 'test' }, 'execute_request', {
    code,
    silent: false,
    store_history: false,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: true,
  });
  const heard: Message[] = [];
  const waiting = new Set<() => void>();
  const link = await openKernelChannels({
    connection,
    receive: (_, message) => {
      if (message.parent_header.msg_id === request.header.msg_id) heard.push(message);
      for (const look of waiting) look();
    },
    failed: () => undefined,
  });
  const find = (type: string): Message | undefined => heard.find(({ header }) => header.msg_type === type);
  const isIdle = (): boolean => heard.some(({ content }) => content['execution_state'] === 'idle');
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.add(() => {
        if (fits()) resolve();
      });
    });
  const begun = until(() => find('stream') !== undefined);
  const ended = until(() => isIdle() && find('execute_reply') !== undefined);
  const done = Promise.race([ended, tooLong(() => heard.map(({ header }) => header.msg_type))]).then(() => {
    const streams = heard.filter(({ header }) => header.msg_type === 'stream');
    const { ename } = find('error')?.content ?? {};
    return typeof ename === 'string'
      ? ename
      : streams.map(({ content: { text } }) => (typeof text === 'string' ? text : '')).join('');
  });
  done.catch(() => undefined); // Not everybody waits for it.
  await link.send('shell', request);
  return { done, begun, close: () => link.close() };
}

/** What was heard by then tells where a kernel, or a message, was lost. */
async function tooLong(heard: () => readonly string[]): Promise<void> {
  await delay(LONGEST, undefined, { ref: false });
  throw new Error(`no end of the cell within ${LONGEST} ms; heard ${heard().join(' ') || 'nothing'}`);
}

export async function execute(connection: ConnectionInfo, code: string): Promise<string> {
  const execution = await beginExecution(connection, code);
  try {
    return await execution.done;
  } finally {
    await execution.close();
  }
}
