import { describe, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS, decodeMessage } from '#src/protocol/frames.js';
import { codeOf, signedFrames, signer, type RawParts } from '../../support/sample-message.js';

const decode = (parts: RawParts) => decodeMessage(signedFrames(parts), signer).message;
/** Of the error, or of the fault that the message was read with. */
const code = (parts: RawParts) => {
  let fault: string | undefined;
  return codeOf(() => (fault = decodeMessage(signedFrames(parts), signer).fault?.code)) ?? fault;
};
const FRAMES = ['header', 'parent', 'metadata', 'content'] as const;

const NOT_JSON: [string, string | Uint8Array][] = [
  ['is empty', ''],
  ['has no end', '{"a":{'],
  ['has something after its end', '{}{}'],
  ['has a comma too many', '{"a":1,}'],
  ['has a comment', '{/**/}'],
  ['has single quotes', "{'a':1}"],
  ['has a raw line break in a text', '{"a":"\n"}'],
  ['starts with a byte order mark', '\ufeff{}'],
  ['is UTF-16', Buffer.from('{}', 'utf16le')],
  ['is pickled', Buffer.from('80049506000000000000007d94', 'hex')],
  ['has a word for a name', '{NaN:1}'],
  ['has a sign too many', '{"a":--Infinity}'],
  ['negates NaN', '{"a":-NaN}'],
  ['has a word that begins like a number', '{"a":NaNa}'],
  ['has a number that ends in a word', '{"a":1NaN}'],
];
const NUMBER_WORDS: [string, string][] = [
  ['NaN, as json.dumps of Python writes it', '{"a":NaN}'],
  ['Infinity', '{"a":Infinity}'],
  ['-Infinity', '{"a":-Infinity}'],
];
const NOT_UTF8: [string, number[]][] = [
  ['a byte that starts nothing', [0xff]],
  ['an overlong form', [0xc0, 0x80]],
  ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
  ['a sequence cut short', [0xf0, 0x9f, 0x98]],
  ['a code point beyond the last', [0xf4, 0x90, 0x80, 0x80]],
];
const inText = (bytes: number[]) => Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);

describe.each(FRAMES)('the %s frame is refused when it', (frame) => {
  test.each(NOT_JSON)('%s', (_, text) => {
    expect(code({ [frame]: text })).toBe('message-malformed');
  });

  test.each<[string, string]>([
    ['arrays', '['],
    ['objects', '{"a":'],
    ['both in turn', '[{"a":'],
  ])('nests too deep with %s, closed or not', (_, open) => {
    expect(code({ [frame]: open.repeat(100_000) })).toBe('message-too-large');
    const closed = `{"x":${'['.repeat(DEFAULT_LIMITS.maxDepth)}${']'.repeat(DEFAULT_LIMITS.maxDepth)}}`;
    expect(code({ [frame]: closed })).toBe('message-too-large');
  });
});

describe.each(['header', 'parent'] as const)('the %s frame of a request is refused when it', (frame) => {
  test.each(NUMBER_WORDS)('holds %s', (_, text) => expect(code({ [frame]: text })).toBe('message-malformed'));
  test.each(NOT_UTF8)('has in a text %s', (_, bytes) => {
    expect(code({ [frame]: inText(bytes) })).toBe('message-malformed');
  });
});

test.each(['1', '"{}"', 'null', '[{}]', '[]'])('a header that is %s is refused', (header) => {
  expect(code({ header })).toBe('message-malformed');
});

describe.each(['client', 'kernel'] as const)('metadata and content of a %s', (sender) => {
  const read = (text: string | Uint8Array) =>
    decodeMessage(signedFrames({ metadata: text, content: text }), signer, { sender }).message;

  test.each(['1', '"{}"', 'null', '[{}]', '[]', 'NaN'])(
    'that are %s, which some write for nothing, are empty',
    (text) => {
      expect(read(text)).toMatchObject({ metadata: {}, content: {} });
    },
  );

  test.each(NUMBER_WORDS)('may hold %s', (word, text) => {
    const { content, metadata } = read(text);
    expect(content).toEqual({ a: Number(word.split(',')[0]) });
    expect(metadata).toEqual(content);
  });

  test('may hold words like numbers in texts, in names and beside numbers', () => {
    const given = { NaN: 'NaN', 'a\\': '"NaN, -Infinity', n: ['#', '-Infinity', '-#', '\\', 'Infinity"'] };
    const text = JSON.stringify(given).replace('"#"', 'NaN').replace('"-#"', ' -Infinity ');
    expect(read(text).content).toEqual({ ...given, n: [NaN, '-Infinity', -Infinity, '\\', 'Infinity"'] });
  });

  test.each(NOT_UTF8)('have U+FFFD, as jupyter_client reads it, for %s', (_, bytes) => {
    expect(read(inText(bytes)).content['a']).toMatch(/^\ufffd+$/);
  });
});

describe('a request whose headers can be read and whose content cannot', () => {
  test('is read with its fault, so that its sender can be told', () => {
    const { message, fault } = decodeMessage(signedFrames({ content: '{' }), signer);
    expect(message).toMatchObject({ header: { msg_id: 'm-1' }, metadata: {}, content: {} });
    expect(fault).toMatchObject({ code: 'message-malformed', message: 'The content is not JSON.' });
  });

  test('has none when it is whole', () => {
    expect(decodeMessage(signedFrames(), signer)).not.toHaveProperty('fault');
  });
});

describe('content', () => {
  test('may nest as deep as the limit, and brackets in a text do not count', () => {
    const { maxDepth } = DEFAULT_LIMITS;
    const deep = `{"x":${'['.repeat(maxDepth - 1)}${']'.repeat(maxDepth - 1)}}`;
    expect(code({ content: deep })).toBeUndefined();
    expect(code({ content: { code: '['.repeat(100_000), 'a"': '\\"{[[[' } })).toBeUndefined();
  });

  test('with more objects, arrays and values than are allowed is refused before it is built', () => {
    const limits = { ...DEFAULT_LIMITS, maxNodes: 5 };
    const attempt = (content: string) => decodeMessage(signedFrames({ content }), signer, { limits }).fault?.code;
    expect(attempt('{"a":[{},{}]}')).toBeUndefined();
    expect(attempt('{"a":[{},{},{}]}')).toBe('message-too-large');
    expect(attempt('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}')).toBe('message-too-large');
    expect(attempt('{"a":["b",2,null]}')).toBeUndefined();
    expect(attempt('{"a":["b",2,null,true,""]}')).toBe('message-too-large');
    expect(attempt('{"a":"{},{},{},{},{},:::::"}')).toBeUndefined();
    expect(attempt('[{},{},{},{},{},')).toBe('message-too-large');
  });

  test('of megabytes may be one text, and not a million of them', () => {
    expect(code({ content: { code: 'x'.repeat(8_000_000) } })).toBeUndefined();
    expect(code({ content: { a: Array.from({ length: 1_000_000 }, (_, n) => n.toString(36)) } })).toBe(
      'message-too-large',
    );
  });

  test('may write a name twice, as Python does for {1: …, "1": …}: the last one counts, as everywhere', () => {
    expect(decode({ content: '{"a":1,"a":2}' }).content).toEqual({ a: 2 });
  });

  test('with members named like parts of an object changes no object', () => {
    const text =
      '{"__proto__":{"code":"evil","toString":1},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1}';
    const { content, metadata } = decode({ content: text, metadata: text });
    expect(content['code']).toBeUndefined();
    expect(metadata['code']).toBeUndefined();
    expect(Object.getPrototypeOf(content)).toBe(Object.prototype);
    expect(Object.keys(content)).toEqual(['__proto__', 'constructor', 'hasOwnProperty']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each(['1e999', '-1e999', '-0', '1e-999', `1${'0'.repeat(400)}`, '9007199254740993', `0.${'1'.repeat(100_000)}`])(
    'with the number %.20s is harmless',
    (number) => {
      expect(typeof decode({ content: `{"n":${number}}` }).content['n']).toBe('number');
    },
  );
});
