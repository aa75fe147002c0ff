import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { JsonObject } from '#src/protocol/message.js';
import { createExecutionGate, MAX_WAITING, type ExecutionGate } from '#src/relay/execution-gate.js';
import type { Request } from '#src/server/backend.js';
import { textOf } from '../../support/kernel/kernel-client.js';

interface Setup {
  readonly gate: ExecutionGate;
  /** What went into the kernel, what was aborted, and `interrupt`, in order. */
  readonly events: string[];
  /** Identities that may send nothing any more. */
  readonly banned: Set<string>;
  readonly add: (identity: string, code: string, content?: JsonObject) => void;
  readonly addComm: (identity: string, data: string) => void;
  /** The kernel runs an execution to its end. */
  readonly run: (code: string, failed?: boolean) => void;
}

const codeOf = ({ message }: Request): string => textOf(message.content['code']);
const nameOf = (request: Request): string => `${request.identity}:${codeOf(request)}`;

function setup(): Setup {
  const events: string[] = [];
  const banned = new Set<string>();
  const gate = createExecutionGate({
    enter(request) {
      events.push(nameOf(request));
      return codeOf(request);
    },
    abort: (request) => void events.push(`abort ${nameOf(request)}`),
    interrupt: () => void events.push('interrupt'),
  });
  const request = (identity: string, type: string, content: JsonObject): Request => ({
    channel: 'shell',
    message: createMessage({ session: 's', username: identity }, type, content),
    identity,
    grant: `grant of ${identity}`,
    client: identity,
    isRevocable: identity !== 'owner',
    reply: () => undefined,
    ask: () => undefined,
    isPermitted: () => !banned.has(identity),
    maySee: () => true,
    disregard: () => undefined,
  });
  return {
    gate,
    events,
    banned,
    add: (identity, code, content = {}) =>
      gate.add({ request: request(identity, 'execute_request', { code, ...content }), isExecution: true }),
    addComm: (identity, code) => gate.add({ request: request(identity, 'comm_msg', { code }), isExecution: false }),
    run(code, failed = false) {
      gate.busy(code);
      gate.replied(code, failed);
      gate.idle(code);
    },
  };
}

describe('an execution', () => {
  test('of the owner goes in behind those of the owner', () => {
    const { add, events } = setup();
    add('owner', '1');
    add('owner', '2');
    expect(events).toEqual(['owner:1', 'owner:2']);
  });

  test('of a client that can be revoked goes in when none is inside', () => {
    const { add, run, events } = setup();
    add('bob', '1');
    add('bob', '2');
    expect(events).toEqual(['bob:1']);
    run('1');
    expect(events).toEqual(['bob:1', 'bob:2']);
  });

  test('of the owner is never inside with that of another, whose failure would abort it', () => {
    const { add, run, events } = setup();
    add('bob', '1');
    add('owner', '2');
    add('owner', '3');
    add('carl', '4');
    expect(events).toEqual(['bob:1']);
    run('1', true);
    expect(events).toEqual(['bob:1', 'owner:2', 'owner:3']);
    run('2');
    expect(events).toHaveLength(3);
    run('3');
    expect(events).toEqual(['bob:1', 'owner:2', 'owner:3', 'carl:4']);
  });

  test('that failed has those of the same identity aborted that wait, before it is told', () => {
    const { add, addComm, gate, events } = setup();
    add('bob', '1');
    add('bob', '2');
    addComm('bob', '3');
    add('alice', '4');
    gate.busy('1');
    gate.replied('1', true);
    expect(events).toEqual(['bob:1', 'abort bob:2']);
    gate.idle('1');
    expect(events).toEqual(['bob:1', 'abort bob:2', 'bob:3', 'alice:4']);
  });

  test('with stop_on_error false has none aborted', () => {
    const { add, run, events } = setup();
    add('bob', '1', { stop_on_error: false });
    add('bob', '2');
    run('1', true);
    expect(events).toEqual(['bob:1', 'bob:2']);
  });

  test('whose sender has lost the right meanwhile does not go in', () => {
    const { add, run, banned, events } = setup();
    add('alice', '1');
    add('bob', '2');
    add('carl', '3');
    banned.add('bob');
    run('1');
    expect(events).toEqual(['alice:1', 'carl:3']);
  });

  test('counts as ended a while after its reply when its idle is lost', async () => {
    const { add, gate, events } = setup();
    add('alice', '1');
    add('bob', '2');
    gate.busy('1');
    gate.replied('1', false);
    expect(gate.isRunning('alice')).toBe(false);
    expect(events).toEqual(['alice:1']);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(events).toEqual(['alice:1', 'bob:2']);
  });
});

describe('a message of a comm', () => {
  test('passes while nothing waits, and keeps its place behind what does', () => {
    const { add, addComm, run, events } = setup();
    add('bob', '1');
    addComm('bob', '2');
    add('bob', '3');
    addComm('bob', '4');
    expect(events).toEqual(['bob:1', 'bob:2']);
    run('1');
    expect(events).toEqual(['bob:1', 'bob:2', 'bob:3', 'bob:4']);
  });
});

describe('a grant that ends', () => {
  test('has nothing begun that waits', () => {
    const { add, gate, run, events } = setup();
    add('alice', '1');
    add('bob', '2');
    add('carl', '3');
    gate.cancel('grant of bob', 'running');
    run('1');
    expect(events).toEqual(['alice:1', 'carl:3']);
  });

  test('has what runs interrupted until it ends', async () => {
    const { add, gate, events } = setup();
    add('bob', '1');
    gate.busy('1');
    gate.cancel('grant of bob', 'nothing');
    expect(events).toEqual(['bob:1', 'interrupt']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { length } = events;
    expect(length).toBeGreaterThan(2);
    gate.replied('1', true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).toHaveLength(length);
  });

  test('has what is about to run interrupted when it runs', () => {
    const { add, gate, events } = setup();
    add('bob', '1');
    gate.cancel('grant of bob', 'nothing');
    expect(events).toEqual(['bob:1']);
    gate.busy('1');
    expect(events).toEqual(['bob:1', 'interrupt']);
    gate.clear();
  });

  test.each(['running', 'everything'] as const)('has nothing interrupted that is to go on (%s)', (retain) => {
    const { add, gate, events } = setup();
    add('bob', '1');
    gate.busy('1');
    gate.cancel('grant of bob', retain);
    expect(events).toEqual(['bob:1']);
  });
});

describe('the gate', () => {
  test('is full for one identity alone', () => {
    const { add, gate } = setup();
    add('owner', 'first');
    for (let n = 0; n < MAX_WAITING; n += 1) add('bob', String(n));
    expect([gate.isFull('bob'), gate.isFull('alice')]).toEqual([true, false]);
  });

  test('knows who runs', () => {
    const { add, gate } = setup();
    add('bob', '1');
    expect(gate.isRunning('bob')).toBe(false);
    gate.busy('1');
    expect([gate.isRunning('bob'), gate.isRunning('alice')]).toEqual([true, false]);
    gate.idle('1');
    expect(gate.isRunning('bob')).toBe(false);
    gate.clear();
  });
});
