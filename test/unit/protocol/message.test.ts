import { expect, test } from '@jest/globals';
import { createMessage, PROTOCOL_VERSION } from '#src/protocol/create-message.js';
import { isRequestType, parentId, replyType } from '#src/protocol/message.js';
import { sampleMessage } from '../../support/sample-message.js';

test('a message has a header of its own and only what it was given', () => {
  const origin = { session: 's', username: 'u', now: () => new Date(0), newId: () => 'id-1' };
  expect(createMessage(origin, 'status', { execution_state: 'busy' })).toEqual({
    header: {
      msg_id: 'id-1',
      msg_type: 'status',
      session: 's',
      username: 'u',
      date: '1970-01-01T00:00:00.000Z',
      version: PROTOCOL_VERSION,
    },
    parent_header: {},
    metadata: {},
    content: { execution_state: 'busy' },
    buffers: [],
  });
});

test('no two messages have one id', () => {
  const ids = Array.from({ length: 1000 }, () => sampleMessage().header.msg_id);
  expect(new Set(ids).size).toBe(1000);
});

test('the version is one that has iopub_welcome and subshell ids', () => {
  expect(PROTOCOL_VERSION).toMatch(/^5\.([4-9])$/);
});

test('the reply to a request has the name of the request', () => {
  expect(replyType('execute_request')).toBe('execute_reply');
  expect(replyType('comm_info_request')).toBe('comm_info_reply');
  expect(replyType('made_up_request')).toBe('made_up_reply');
  for (const type of ['comm_msg', 'execute_reply', '_request', 'request', '', 'execute_request_']) {
    expect(isRequestType(type)).toBe(false);
    expect(replyType(type)).toBeUndefined();
  }
});

test('a message knows the id of the request that caused it', () => {
  const request = sampleMessage();
  expect(parentId(request)).toBeUndefined();
  expect(parentId(sampleMessage({}, { parent: request.header }))).toBe(request.header.msg_id);
});
