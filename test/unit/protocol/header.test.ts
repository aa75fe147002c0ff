import { describe, expect, test } from '@jest/globals';
import { seenByOthers } from '#src/server/messages/seen-parent.js';
import { withUsername } from '#src/protocol/original-fields.js';
import { createMessage } from '#src/protocol/create-message.js';
import { decodeMessage, DEFAULT_LIMITS, encodeParts } from '#src/protocol/frames.js';
import type { Header } from '#src/protocol/message.js';
import { codeOf, HEADER, signedFrames, signer, type RawParts } from '../../support/sample-message.js';

const decode = (parts: RawParts) => decodeMessage(signedFrames(parts), signer).message;
const ofKernel = (parts: RawParts) => decodeMessage(signedFrames(parts), signer, { sender: 'kernel' }).message;
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
    for (const value of [undefined, null, '', true, [], {}]) {
      expect(code({ header: { ...HEADER, [field]: value } })).toBe('message-malformed');
    }
  });

  test('needs text for its type and its subshell', () => {
    for (const value of [1, true, ['a'], { a: 1 }]) {
      expect(code({ header: { ...HEADER, msg_type: value } })).toBe('message-malformed');
      expect(code({ header: { ...HEADER, subshell_id: value } })).toBe('message-malformed');
    }
  });

  test('may have anything else for the rest, which then is text or empty', () => {
    const header = { ...HEADER, msg_id: 7, session: 8.5, username: true, date: [1], version: {} };
    expect(decode({ header }).header).toMatchObject({
      msg_id: '7',
      session: '8.5',
      username: 'true',
      date: '',
      version: '',
    });
  });

  test.each(['msg_id', 'msg_type', 'session', 'username', 'date', 'version', 'subshell_id'])(
    'whose %s is endless text is refused',
    (field) => {
      expect(code({ header: { ...HEADER, [field]: 'x'.repeat(1025) } })).toBe('message-malformed');
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

  test.each(['null', '[]', '[{"msg_id":"m"}]', '""', '0', '{"msg_id":null}', '{"msg_id":{}}'])(
    'that is %s names no parent',
    (parent) => {
      expect(decode({ parent }).parent_header).toEqual({});
      expect(ofKernel({ parent }).parent_header).toEqual({});
    },
  );
});

const echoed = (header: string): string => written(decode({ header }).header);

const written = (parent: Header): string =>
  Buffer.from(
    encodeParts(createMessage({ session: 'k', username: 'k' }, 'status', {}, { parent })).parts[1]!,
  ).toString();

describe('what a client is told back', () => {
  test('is what it sent, to the last digit', () => {
    const header =
      '{"msg_id": 123456789012345678901234567890, "msg_type":"x_request","session" : 1.50,"date":null,"a":{"msg_id":5}}';
    const parent = echoed(header);
    expect(parent).toContain('"msg_id":123456789012345678901234567890,');
    expect(parent).toContain('"session":1.50,');
    expect(parent).toContain('"date":null,');
    expect(parent).toContain('"a":{"msg_id":5}');
    expect(JSON.parse(parent)).toMatchObject({ msg_type: 'x_request', username: '' });
  });

  test('is never the name that it sent, nor an id that is hidden from others', () => {
    const { header } = decode({ header: '{"msg_id":12,"msg_type":"x","session":34,"username":99}' });
    const named = withUsername(header, 'alice');
    expect(JSON.parse(written(named))).toMatchObject({ msg_id: 12, session: 34, username: 'alice' });
    expect(JSON.parse(written(seenByOthers(named)))).toMatchObject({ msg_id: 'alice/12', session: 'alice/34' });
    expect(written({ ...named, username: 'bob' })).toContain('"msg_id":"12"');
  });
});

const attempt = (parts: RawParts): unknown => {
  try {
    return ofKernel(parts);
  } catch (error) {
    return error;
  }
};

describe('a header of a kernel', () => {
  test('needs an id and a type, and nothing else', () => {
    expect(ofKernel({ header: { msg_id: 3, msg_type: 't', subshell_id: {}, username: 4 } }).header).toEqual({
      msg_id: '3',
      msg_type: 't',
      subshell_id: null,
      username: '4',
      session: '',
      date: '',
      version: '',
    });
    for (const header of [{ msg_id: 'm' }, { msg_type: 't' }, [], 1, { msg_id: 'm', msg_type: 5 }]) {
      expect(codeOf(() => ofKernel({ header }))).toBe('message-malformed');
    }
  });

  test('may be long, name a member twice or hold what JSON has not', () => {
    const long = 'x'.repeat(DEFAULT_LIMITS.maxHeaderBytes);
    const header = `{"msg_id":"a","msg_id":"b","msg_type":"t","x":NaN,"session":"${long}","__proto__":{"username":"root"}}`;
    const read = ofKernel({ header, parent: header });
    for (const one of [read.header, read.parent_header]) {
      expect(one).toMatchObject({ msg_id: 'b', session: long, username: '' });
      expect(Object.keys(one)).not.toContain('__proto__');
    }
  });

  test('that cannot be read costs its message, and the error names the request that waits for it', () => {
    const parent = { msg_id: 'p' };
    expect(attempt({ header: '{', parent })).toMatchObject({ code: 'message-malformed', data: { parentId: 'p' } });
    const broken = attempt({ header: { msg_id: 'm', msg_type: 'stream' }, parent, content: '{' });
    expect(broken).toMatchObject({ data: { parentId: 'p', msgType: 'stream' } });
    expect(attempt({ header: HEADER, parent: '{' })).toMatchObject({ data: { msgType: 'execute_request' } });
  });
});
