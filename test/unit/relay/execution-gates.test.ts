import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import { createExecutionGates } from '#src/relay/execution-gates.js';
import type { Request } from '#src/server/backend.js';

const events: string[] = [];
function setup() {
  events.length = 0;
  return createExecutionGates({
    enter({ message }) {
      events.push(message.header.msg_id);
      return message.header.msg_id;
    },
    abort: ({ message }) => void events.push(`abort ${message.header.msg_id}`),
    interrupt: () => void events.push('interrupt'),
  });
}
const request = (identity: string, id: string, subshellId?: string): Request => ({
  channel: 'shell',
  message: createMessage(
    { session: 's', username: identity, newId: () => id },
    'execute_request',
    {},
    subshellId === undefined ? {} : { subshellId },
  ),
  identity,
  grant: identity,
  client: identity,
  isRevocable: true,
  reply: () => undefined,
  ask: () => undefined,
  isPermitted: () => true,
  maySee: () => true,
  disregard: () => undefined,
});

describe('a subshell', () => {
  test('runs beside the main shell, and one cell of a client at a time', () => {
    const gates = setup();
    gates.add(request('bob', 'main'), true);
    gates.add(request('bob', 'first', 'sub'), true);
    gates.add(request('bob', 'second', 'sub'), true);
    expect(events).toEqual(['main', 'first']);
    gates.cancel('bob', 'running');
    for (const end of [gates.busy, gates.idle]) end('first');
    gates.replied('first', false);
    expect(events).toEqual(['main', 'first']);
  });

  test('that is named by one client is in the way of no other', () => {
    const gates = setup();
    gates.add(request('eve', 'eve 1', 'sub'), true);
    gates.add(request('bob', 'bob 1', 'sub'), true);
    expect(events).toEqual(['eve 1', 'bob 1']);
  });

  test('is not interrupted, since a signal would reach the main shell', () => {
    const gates = setup();
    gates.add(request('bob', '1', 'sub'), true);
    gates.busy('1');
    expect(gates.isRunning('bob')).toBe(false);
    gates.cancel('bob', 'nothing');
    expect(events).toEqual(['1']);
    gates.clear();
  });

  test('is one of a few for each client', () => {
    const gates = setup();
    const added = Array.from({ length: 20 }, (_, n) => gates.add(request('eve', `${n}`, `sub ${n}`), true));
    expect(added.filter(Boolean)).toHaveLength(16);
    expect(gates.add(request('bob', 'bob', 'sub'), true)).toBe(true);
    gates.busy('3');
    gates.replied('3', false);
    gates.idle('3');
    expect(gates.add(request('eve', 'again', 'another'), true)).toBe(true);
  });
});
