import { describe, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS, decodeMessage } from '#src/protocol/frames.js';
import { codeOf, HEADER, signedFrames, signer, type RawParts } from './sample-message.js';

const decode = (parts: RawParts, repairText = false) =>
  decodeMessage(signedFrames(parts), signer, { repairText }).message;
const code = (parts: RawParts) => codeOf(() => decode(parts));
const FRAMES = ['header', 'parent', 'metadata', 'content'] as const;

describe.each(FRAMES)('the %s frame is refused when it', (frame) => {
  test.each<[string, string | Uint8Array]>([
    ['is empty', ''],
    ['is a bare value', '1'],
    ['is text', '"{}"'],
    ['is null', 'null'],
    ['is an array', '[{}]'],
    ['has no end', '{"a":{'],
    ['has something after its end', '{}{}'],
    ['has a comma too many', '{"a":1,}'],
    ['has a comment', '{/**/}'],
    ['holds NaN, as json.dumps of Python writes it', '{"a":NaN}'],
    ['holds Infinity', '{"a":Infinity}'],
    ['holds -Infinity', '{"a":-Infinity}'],
    ['has single quotes', "{'a':1}"],
    ['has a raw line break in a text', '{"a":"\n"}'],
    ['starts with a byte order mark', '\ufeff{}'],
    ['is UTF-16', Buffer.from('{}', 'utf16le')],
    ['is pickled', Buffer.from('80049506000000000000007d94', 'hex')],
  ])('%s', (_, text) => {
    expect(code({ [frame]: text })).toBe('message-malformed');
  });

  test.each<[string, number[]]>([
    ['a byte that starts nothing', [0xff]],
    ['an overlong form', [0xc0, 0x80]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['a sequence cut short', [0xf0, 0x9f, 0x98]],
    ['a code point beyond the last', [0xf4, 0x90, 0x80, 0x80]],
  ])('has in a text %s', (_, hostile) => {
    const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(hostile), Buffer.from('"}')]);
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

describe('content', () => {
  test('may nest as deep as the limit, and brackets in a text do not count', () => {
    const { maxDepth } = DEFAULT_LIMITS;
    const deep = `{"x":${'['.repeat(maxDepth - 1)}${']'.repeat(maxDepth - 1)}}`;
    expect(code({ content: deep })).toBeUndefined();
    expect(code({ content: { code: '['.repeat(100_000), 'a"': '\\"{[[[' } })).toBeUndefined();
  });

  test('with more objects, arrays and values than are allowed is refused before it is built', () => {
    const limits = { ...DEFAULT_LIMITS, maxNodes: 5 };
    const attempt = (content: string) => codeOf(() => decodeMessage(signedFrames({ content }), signer, { limits }));
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

  test('that is not UTF-8 is read as jupyter_client reads it where that was asked for, but never a header', () => {
    const broken = Buffer.from('{"name":"caf\xe9"}', 'latin1');
    const read = decode({ content: broken, metadata: broken }, true);
    expect(read.content).toEqual({ name: 'caf\ufffd' });
    expect(read.metadata).toEqual({ name: 'caf\ufffd' });
    const header = Buffer.from(JSON.stringify({ ...HEADER, username: 'caf\xe9' }), 'latin1');
    expect(codeOf(() => decode({ header }, true))).toBe('message-malformed');
    expect(codeOf(() => decode({ parent: header }, true))).toBe('message-malformed');
    expect(codeOf(() => decode({ content: Buffer.from('\ufeff{}') }, true))).toBe('message-malformed');
  });
});
