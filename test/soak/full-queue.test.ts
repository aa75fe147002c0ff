/** A queue of executions that is full. */
import { expect, test } from '@jest/globals';
import { openLanguageBackend } from '#src/kernel/language-backend.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { JsonObject, Message } from '#src/protocol/message.js';
import { gate, OK, scripted } from '../support/kernel/serve.js';

test('more than ten thousand requests of one identity do not wait: the next is refused, and others are served', async () => {
  const hold = gate();
  let ran = 0;
  const origin = { session: 'kernel', username: 'kernel' };
  const backend = openLanguageBackend(
    scripted(async () => (ran++, await hold.passed, OK)),
    { publish: () => undefined, pressure: 0, end: () => undefined },
    { origin },
  );
  const ask = async (identity: string): Promise<JsonObject> =>
    new Promise((resolve) => {
      const message = createMessage({ session: 's', username: identity }, 'execute_request', {
        code: 'x',
        silent: true,
      });
      const replied = (reply: Message): void => resolve(reply.content);
      const always = { reply: replied, ask: () => undefined, isPermitted: () => true, maySee: () => true };
      backend.receive({
        ...always,
        channel: 'shell',
        message,
        identity,
        grant: identity,
        client: identity,
        isRevocable: true,
        disregard: () => undefined,
      });
    });
  // One runs.
  const waiting = Array.from({ length: 10_001 }, async () => ask('bob'));
  expect(await ask('bob')).toMatchObject({ status: 'error', ename: 'TooManyRequests' });
  const hers = ask('ada');
  hold.open();
  const replies = await Promise.all([...waiting, hers]);
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set(['ok']));
  expect(ran).toBe(10_002);
  await backend.close('shutdown');
});
