import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { DelayedCopies } from '#src/server/messages/delayed-copies.js';

const open = (receivers: Set<string>) => {
  const sent: string[] = [];
  const copies = new DelayedCopies<string, string>({
    receivers: () => receivers,
    send: (receiver, output) => sent.push(`${receiver} ${output}`) > 0,
  });
  return { sent, copies };
};

test('copies are sent after what the caller does in this turn, each output to all, in order', async () => {
  const { sent, copies } = open(new Set(['alice', 'bob']));
  copies.add('one', false);
  copies.add('two', false);
  expect(sent).toEqual([]);
  await turn();
  await turn();
  expect(sent).toEqual(['alice one', 'bob one', 'alice two', 'bob two']);
});

test('a large output is sent at once, behind those that wait', () => {
  const { sent, copies } = open(new Set(['alice', 'bob']));
  copies.add('one', false);
  copies.add('large', true);
  expect(sent).toEqual(['alice one', 'bob one', 'alice large', 'bob large']);
});

test('a message that must not overtake them is preceded by all of them', () => {
  const { sent, copies } = open(new Set(['alice']));
  for (const output of ['one', 'two', 'three']) copies.add(output, false);
  copies.flush();
  copies.flush();
  expect(sent).toEqual(['alice one', 'alice two', 'alice three']);
});

test('who is taken off while copies wait gets none', async () => {
  const receivers = new Set(['alice', 'bob']);
  const { sent, copies } = open(receivers);
  copies.add('one', false);
  receivers.delete('bob');
  await turn();
  await turn();
  expect(sent).toEqual(['alice one']);
});

test('no more than 256 outputs wait', () => {
  const { sent, copies } = open(new Set(['alice']));
  for (let number = 1; number <= 300; number++) copies.add(String(number), false);
  expect(sent.length).toBeGreaterThanOrEqual(300 - 256);
  copies.flush();
  expect(sent).toEqual(Array.from({ length: 300 }, (_, index) => `alice ${index + 1}`));
});
