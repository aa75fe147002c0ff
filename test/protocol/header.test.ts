import { describe, expect, test } from '@jest/globals';
import { decodeMessage } from '#src/protocol/frames.js';
import { codeOf, HEADER, signedFrames, signer, type RawParts } from './sample-message.js';

const decode = (parts: RawParts) => decodeMessage(signedFrames(parts), signer).message;
const code = (parts: RawParts) => codeOf(() => decode(parts));

describe('a header', () => {
  test('gets the fields that some front ends leave out, as empty text', () => {
    const header = { msg_id: 'm', msg_type: 'kernel_info_request', username: null };
    expect(decode({ header }).header).toEqual({ ...header, session: '', username: '', date: '', version: '' });
  });

  test('keeps fields nobody knows, and a subshell_id that is null', () => {
    const header = { ...HEADER, subshell_id: null, invented: { by: ['somebody'] } };
    expect(decode({ header }).header).toMatchObject(header);
  });

  test.each(['msg_id', 'msg_type'])('without %s is refused', (field) => {
    for (const value of [undefined, null, '', 1, [], {}]) {
      expect(code({ header: { ...HEADER, [field]: value } })).toBe('message-malformed');
    }
  });

  test.each(['msg_id', 'msg_type', 'session', 'username', 'date', 'version', 'subshell_id'])(
    'whose %s is no text, or endless text, is refused',
    (field) => {
      for (const value of [1, true, ['a'], { a: 1 }, 'x'.repeat(1025)]) {
        expect(code({ header: { ...HEADER, [field]: value } })).toBe('message-malformed');
        expect(code({ parent: { ...HEADER, [field]: value } })).toBe('message-malformed');
      }
      expect(code({ header: { ...HEADER, [field]: 'x'.repeat(1024) } })).toBeUndefined();
    },
  );

  test.each([
    [
      'twice the same name',
      '{"msg_id":"m","msg_type":"kernel_info_request","session":"s","msg_type":"execute_request"}',
    ],
    ['a name and the same in escapes', String.raw`{"msg_id":"m","msg_type":"a","session":"s","\u006dsg_type":"b"}`],
    ['twice a name nobody knows', '{"msg_id":"m","msg_type":"a","session":"s","x":1,"x":1}'],
    ['a member __proto__', '{"msg_id":"m","msg_type":"a","session":"s","__proto__":{"username":"root"}}'],
    ['a member __proto__ in escapes', String.raw`{"msg_id":"m","msg_type":"a","session":"s","\u005f_proto__":1}`],
  ])('with %s is refused, as parent header too', (_, text) => {
    expect(code({ header: text })).toBe('message-malformed');
    expect(code({ parent: text })).toBe('message-malformed');
  });

  test('may hold a name again further inside, and colons in texts', () => {
    expect(code({ header: { ...HEADER, x: { msg_id: 'm', x: { msg_id: ':' } }, 'a:b': '{":":":"}' } })).toBeUndefined();
  });

  test('does not take its fields from an inherited name', () => {
    expect(decode({ header: { ...HEADER, constructor: 'x' } }).header).toMatchObject(HEADER);
    expect(code({ header: '{"__proto__":{"msg_id":"m","msg_type":"t","session":"s"}}' })).toBe('message-malformed');
  });
});

describe('a parent header', () => {
  test('may be empty', () => {
    expect(decode({ parent: {} }).parent_header).toEqual({});
  });

  test('with empty fields, as kernels with fixed structures send it, is no parent', () => {
    const parent = { msg_id: '', username: '', session: '', msg_type: '', version: '', date: '' };
    expect(decode({ parent }).parent_header).toEqual({});
  });

  test('needs no more than the id of the request', () => {
    expect(decode({ parent: { msg_id: 'p', x: 1 } }).parent_header).toMatchObject({ msg_id: 'p', msg_type: '', x: 1 });
  });
});
