/** Ordinary use, and much of it, meets none of the limits. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OK, scripted } from '../support/kernel/serve.js';
import { share, type Shared } from '../support/kernel/share.js';

/** What was refused. A stranger may knock at a port that was another program's. */
const faults = ({ events }: Shared): unknown[] => events.filter(({ event }) => event === 'deny' || event === 'alarm');
test('a class of 300 observers sees what the owner runs', async () => {
  const shared = await share(
    scripted(async ({ code }, cell) => {
      cell.stream('stdout', code);
      return OK;
    }),
  );
  const observers = [];
  for (let n = 0; n < 300; n++) observers.push(await shared.admit(`student${n}`, 'observer'));
  const ids = [];
  for (const word of ['one', 'two', 'three']) ids.push(await shared.owner.execute(word));
  const whole = ['busy', 'execute_input', 'stream', 'idle'];
  for (const observer of observers) {
    for (const id of ids) {
      await observer.idle(id);
      expect(observer.said(id)).toEqual(whole);
    }
    expect(await observer.ask('kernel_info_request')).toMatchObject({ status: 'ok' });
  }
  expect(faults(shared)).toEqual([]);
}, 180_000);

test('100 MB of output reach the owner and an observer whole', async () => {
  const megabyte = 'x'.repeat(1_000_000);
  const shared = await share(
    scripted(async (_, cell) => {
      for (let n = 0; n < 100; n++) cell.display({ 'text/plain': megabyte });
      return OK;
    }),
  );
  const observer = await shared.admit('bob', 'observer');
  const id = await shared.owner.execute('much');
  for (const client of [shared.owner, observer]) {
    await eventually(() => client.said(id).includes('idle'));
    expect(client.said(id)).toEqual(['busy', 'execute_input', ...Array<string>(100).fill('display_data'), 'idle']);
  }
  expect(faults(shared)).toEqual([]);
}, 120_000);

test('10,000 messages of widgets go both ways', async () => {
  const count = 10_000;
  const back: number[] = [];
  const shared = await share(
    scripted(
      async (_, cell) => {
        for (let n = 1; n <= count; n++) cell.publish('comm_msg', { comm_id: 'c', data: { n }, n });
        return OK;
      },
      {
        comm: async ({ header, content }) => {
          if (header.msg_type === 'comm_msg') back.push(Number(content['n']));
        },
      },
    ),
  );
  const ann = await shared.admit('ann', 'executor');
  await ann.send('comm_open', { comm_id: 'c', target_name: 'jupyter.widget', data: {} });
  let asked = '';
  for (let n = 1; n <= count; n++) {
    asked = await ann.send('comm_msg', { comm_id: 'c', data: { n }, n });
    // As a front end does, which waits for the idle of one before it sends many more.
    if (n % 500 === 0) await ann.idle(asked);
    if (n % 500 === 0) ann.heard.length = 0;
  }
  expect(back).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  await shared.owner.execute('go');
  await eventually(() =>
    [shared.owner, ann].every(({ heard }) => heard.at(-1)?.message.content['execution_state'] === 'idle'),
  );
  expect(ann.heard.filter(({ message }) => message.header.msg_type === 'comm_msg')).toHaveLength(count);
  expect(faults(shared)).toEqual([]);
}, 180_000);
