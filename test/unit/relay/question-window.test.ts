import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import { createQuestionWindow, type QuestionWindow } from '#src/relay/question-window.js';
import type { Request } from '#src/server/backend.js';

const banned = new Set<string>();
const request = (identity: string, id: string, more: Partial<Request> = {}): Request => ({
  channel: 'shell',
  message: createMessage({ session: 's', username: identity, newId: () => id }, 'complete_request', {}),
  identity,
  grant: identity,
  client: identity,
  isRevocable: true,
  reply: () => undefined,
  ask: () => undefined,
  isPermitted: () => !banned.has(id),
  maySee: () => true,
  disregard: () => undefined,
  ...more,
});

function setup(): { readonly window: QuestionWindow; readonly sent: Request[]; readonly ids: () => string[] } {
  const sent: Request[] = [];
  banned.clear();
  return {
    window: createQuestionWindow((one) => void sent.push(one)),
    sent,
    ids: () => sent.map(({ message }) => message.header.msg_id),
  };
}

const replied = (window: QuestionWindow, sent: Request): void =>
  window.replied({ ...sent, header: sent.message.header });

describe('questions', () => {
  test('of one identity go in a few at a time, in order, and are in the way of no other', () => {
    const { window, sent, ids } = setup();
    for (let n = 0; n < 20; n += 1) window.add(request('eve', `${n}`));
    expect(ids()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    window.add(request('bob', 'bob'));
    window.add(request('eve', 'control', { channel: 'control' }));
    expect(ids().slice(8)).toEqual(['bob', 'control']);
    for (const one of sent.slice(0, 3)) replied(window, one);
    expect(ids().slice(10)).toEqual(['8', '9', '10']);
    window.clear();
  });

  test('that may not be asked any more are not', () => {
    const { window, sent, ids } = setup();
    for (let n = 0; n < 11; n += 1) window.add(request('eve', `${n}`));
    banned.add('8');
    for (const one of sent.slice(0, 1)) replied(window, one);
    expect(ids().at(-1)).toBe('9');
    window.forget('eve');
    for (const one of sent.slice(1, 3)) replied(window, one);
    expect(ids()).toHaveLength(9);
    window.clear();
  });

  test('are refused when too many wait', () => {
    const { window } = setup();
    const added = Array.from({ length: 1_010 }, (_, n) => window.add(request('eve', `${n}`)));
    expect(added.filter(Boolean)).toHaveLength(1_008);
    window.clear();
  });

  test('of types that the kernel leaves unanswered do not close the window', async () => {
    const { window, ids } = setup();
    for (let n = 0; n < 9; n += 1) window.add(request('eve', `${n}`));
    expect(ids()).toHaveLength(8);
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    expect(ids()).toHaveLength(9);
    window.clear();
  }, 15_000);
});
