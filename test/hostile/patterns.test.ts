/** Attacks with patterns and texts that take long to compare. */
import { describe, expect, test } from '@jest/globals';
import { createCommTargets } from '#src/server/messages/comm-targets.js';
import { createMessage } from '#src/protocol/create-message.js';
import type { Message } from '#src/protocol/message.js';
import { textOf } from '../support/kernel/kernel-client.js';
import { OK, scripted } from '../support/kernel/serve.js';
import { share } from '../support/kernel/share.js';

const open = (comm_id: string, target_name: string): Message =>
  createMessage({ session: 's', username: 'u' }, 'comm_open', { comm_id, target_name });
const silent = scripted(async () => OK);
const search = (pattern: string) => ({ hist_access_type: 'search', pattern, output: false, raw: true }) as const;

describe('a history request of an executor', () => {
  test.each(['*'.padEnd(500, 'a') + 'b', `${'*a?'.repeat(160)}b`, '?'.repeat(400) + '*b'])(
    'with a pattern that is made to be slow holds up no other client: %s',
    async (pattern) => {
      const { owner, admit } = await share(silent);
      const bob = await admit('bob', 'executor');
      for (let cell = 0; cell < 8; cell++) await bob.answer(await bob.execute('a'.repeat(1_000_000)));
      const answered: string[] = [];
      const asked = bob.send('history_request', search(pattern)).then(async (id) => {
        const { content } = await bob.reply(id);
        answered.push('history');
        return content;
      });
      await owner.ask('kernel_info_request');
      answered.push('owner');
      expect(await asked).toEqual({ status: 'ok', history: [] });
      expect(answered).toEqual(['owner', 'history']);
    },
  );

  test('with a pattern of 2.5 KB is refused, with an error that says what is wanted', async () => {
    const { admit } = await share(silent);
    const bob = await admit('bob', 'executor');
    const reply = await bob.ask('history_request', search('*a'.repeat(1_250)));
    expect(reply).toMatchObject({ status: 'error', ename: 'MessageMalformed' });
    expect(reply['evalue']).toBe('The field pattern should have at most 512 characters, and has 2500.');
  });
});

test('an act of megabytes is none, and is answered', async () => {
  const { owner } = await share(silent);
  const content = { name: 'owner', act: `execute_request${' a=b'.repeat(1_000_000)}` };
  const reply = await owner.ask('curve_can_request', content, { channel: 'control' });
  expect(reply).toMatchObject({ status: 'error', ename: 'usage' });
  expect(textOf(reply['evalue']).length).toBeLessThan(300);
});

test('a comm with a name or target of megabytes is of no known target, and nothing of it is kept', () => {
  const comms = createCommTargets();
  const long = 'x'.repeat(1_000_000);
  for (const message of [open('id', long), open(long, 'target')]) {
    comms.note(message);
    expect(comms.of(createMessage({ session: 's', username: 'u' }, 'comm_msg', message.content))).toBeUndefined();
  }
  expect(comms.of(open('id', long))).toBeUndefined();
  expect(comms.of(open('id', 'x'.repeat(1_024)))).toBe('x'.repeat(1_024));
});
