import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { Header } from '#src/protocol/message.js';
import { createRequestTable } from '#src/relay/request-table.js';
import type { Request } from '#src/server/backend.js';

function request(identity: string, id: string, more: Partial<Request> = {}): Request {
  const origin = { session: `session of ${identity}`, username: identity, newId: () => id };
  return {
    channel: 'shell',
    message: createMessage(origin, 'execute_request', {}),
    identity,
    grant: identity,
    client: identity,
    isRevocable: true,
    reply: () => undefined,
    ask: () => undefined,
    isPermitted: () => true,
    maySee: () => true,
    disregard: () => undefined,
    ...more,
  };
}

const parent = (id: string): Header => request('bob', id).message.header;

describe('an id', () => {
  test('is passed as it is', () => {
    const asked = request('bob', 'id');
    expect(createRequestTable().admit(asked)).toBe(asked.message.header);
  });

  test('that another client uses is another one in the kernel, and each is answered by its own', () => {
    const table = createRequestTable();
    const [first, second] = [request('alice', 'id'), request('bob', 'id')];
    const [hers, his] = [table.admit(first), table.admit(second)];
    expect(his.msg_id).toMatch(/^bob\/.{36}$/);
    expect(table.originalParent(his)).toBe(second.message.header);
    expect(table.originalParent(hers)).toBe(first.message.header);
    expect(table.takeReplied('shell', his)?.reply).toBe(second.reply);
    expect(table.takeReplied('shell', hers)?.reply).toBe(first.reply);
  });

  test('that the same client uses twice has two replies, and no third', () => {
    const table = createRequestTable();
    const header = table.admit(request('bob', 'id'));
    expect(table.admit(request('bob', 'id')).msg_id).toBe('id');
    const replies = [1, 2, 3].map(() => table.takeReplied('shell', header) !== undefined);
    expect(replies).toEqual([true, true, false]);
  });

  test('has a reply on the channel of the request alone', () => {
    const table = createRequestTable();
    const header = table.admit(request('bob', 'id'));
    expect(table.takeReplied('control', header)).toBeUndefined();
    expect(table.takeReplied('shell', header)).toBeDefined();
  });
});

describe('a parent', () => {
  test('under another name, or that is not known, stays as the kernel echoes it', () => {
    const table = createRequestTable();
    const header = table.admit(request('bob', 'id'));
    const lie: Header = { ...header, username: 'alice' };
    expect(table.originalParent(lie)).toBe(lie);
    expect(table.originalParent({ ...header, msg_id: 'other' })).toMatchObject({ msg_id: 'other' });
    expect(table.originalParent({})).toEqual({});
  });
});

describe('memory', () => {
  test('is bounded for each identity: none has requests of another forgotten', () => {
    const table = createRequestTable();
    const hers = table.admit(request('alice', 'hers'));
    for (let n = 0; n < 20_000; n += 1) table.admit(request('bob', `id ${n}`));
    expect(table.find(parent('id 0'))).toBeUndefined();
    expect(table.find(parent('id 19999'))).toBeDefined();
    expect(table.find(hers)).toBeDefined();
  });

  test('has a limit for characters, too', () => {
    const table = createRequestTable();
    for (let n = 0; n < 1_000; n += 1) {
      const { message, ...rest } = request('bob', `id ${n}`);
      table.admit({ ...rest, message: { ...message, header: { ...message.header, more: 'x'.repeat(15_000) } } });
    }
    expect(table.find(parent('id 0'))).toBeUndefined();
    expect(table.find(parent('id 999'))).toBeDefined();
  });

  test('ends with the grant', () => {
    const table = createRequestTable();
    const header = table.admit(request('bob', 'id'));
    table.forget('bob');
    expect(table.find(header)).toBeUndefined();
  });
});
