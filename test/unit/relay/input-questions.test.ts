import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { Message } from '#src/protocol/message.js';
import { createInputQuestions } from '#src/relay/input-questions.js';
import type { SentRequest } from '#src/relay/request-table.js';
import type { Request } from '#src/server/backend.js';

const asked: string[] = [];
const origin = { session: 's', username: 'u' };
const question = (): Message => createMessage(origin, 'input_request', { prompt: '?' });
function sentBy(client: string): SentRequest {
  const { header } = createMessage(origin, 'execute_request', {});
  const ask = (): void => void asked.push(client);
  return { channel: 'shell', client, identity: client, grant: client, header, reply: () => undefined, ask };
}
function replyOf(client: string, parent: Message['parent_header'] = {}): Request {
  const message = createMessage(origin, 'input_reply', { value: 'x' }, { parent });
  const never = { ask: () => undefined, reply: () => undefined, disregard: () => undefined };
  const always = { isPermitted: () => true, maySee: () => true, isRevocable: true };
  return { ...never, ...always, channel: 'stdin', message, identity: client, grant: client, client };
}

describe('questions', () => {
  test('are answered by the client that was asked, once', () => {
    const questions = createInputQuestions();
    questions.ask(sentBy('alice'), question());
    expect(questions.isAnswer(replyOf('bob'))).toBe(false);
    expect(questions.isAnswer(replyOf('alice'))).toBe(true);
    expect(questions.isAnswer(replyOf('alice'))).toBe(false);
  });

  test('are asked one after another', () => {
    asked.length = 0;
    const questions = createInputQuestions();
    questions.ask(sentBy('alice'), question());
    questions.ask(sentBy('bob'), question());
    expect(asked).toEqual(['alice']);
    expect(questions.isAnswer(replyOf('bob'))).toBe(false);
    expect(questions.isAnswer(replyOf('alice'))).toBe(true);
    expect(asked).toEqual(['alice', 'bob']);
    expect(questions.isAnswer(replyOf('bob'))).toBe(true);
  });

  test('are not answered by what names another one', () => {
    const questions = createInputQuestions();
    const [sent, one] = [sentBy('alice'), question()];
    questions.ask(sent, one);
    expect(questions.isAnswer(replyOf('alice', question().header))).toBe(false);
    expect(questions.isAnswer(replyOf('alice', one.header))).toBe(true);
  });

  test.each(['the request is replied to', 'the grant ends'])('are closed when %s', (why) => {
    asked.length = 0;
    const questions = createInputQuestions();
    const sent = sentBy('alice');
    questions.ask(sent, question());
    questions.ask(sentBy('bob'), question());
    if (why === 'the grant ends') questions.forget('alice');
    else questions.end(sent);
    expect(asked).toEqual(['alice', 'bob']);
    expect(questions.isAnswer(replyOf('alice'))).toBe(false);
  });
});
