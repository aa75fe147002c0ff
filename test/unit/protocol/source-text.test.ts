import { describe, expect, test } from '@jest/globals';
import { decodeMessage } from '#src/protocol/frames.js';
import { scanJson } from '#src/protocol/scan-json.js';
import { copySourceText, sourceTextOf } from '#src/protocol/source-text.js';
import { signedFrames, signer } from '../../support/sample-message.js';

const read = (content: string | Uint8Array, sender: 'client' | 'kernel' = 'kernel') =>
  decodeMessage(signedFrames({ content }), signer, { sender }).message.content;

describe('the text of content with a number that JavaScript changes', () => {
  const text = '{"data":{"big":1180591620717411303424,"one":1.0,"nan":NaN}}';

  test('is kept beside plain numbers, for a message of a kernel', () => {
    const content = read(text);
    expect(content).toEqual({ data: { big: 2 ** 70, one: 1, nan: NaN } });
    expect(Object.getOwnPropertyNames(content)).toEqual(['data']);
    expect(sourceTextOf(content)).toBe(text);
  });

  test('is not kept for a message of a client, nor for content that is no object', () => {
    expect(sourceTextOf(read(text, 'client'))).toBeUndefined();
    expect(sourceTextOf(read('[1.0]'))).toBeUndefined();
  });

  test('is kept for a copy only where that is wanted', () => {
    const content = read(text);
    const copy = { ...content };
    expect(sourceTextOf(copy)).toBeUndefined();
    copySourceText(content, copy);
    expect(sourceTextOf(copy)).toBe(text);
    copySourceText({}, copy);
    expect(sourceTextOf(copy)).toBe(text);
  });

  test('is the text that was read, also where it is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('","b":1.0}')]);
    expect(sourceTextOf(read(bytes))).toBe('{"a":"\ufffd","b":1.0}');
  });
});

const USUAL =
  '{"a":[0,-1,12,2.5,-0.25,0.001,100,123456789012345,true],"b":"1.0 NaN 1e5 \\" 2.0","NaN":"Infinity","1.0":null}';

test('no text is kept of content whose numbers are all as JavaScript and Python write them', () => {
  expect(scanJson(USUAL).unusualNumbers).toBe(false);
  expect(sourceTextOf(read(USUAL))).toBeUndefined();
});

test.each(['1.0', '-0', '-0.0', '0.0', '1e5', '1E5', '1234567890123456', '0.00001', 'NaN', '-Infinity', 'Infinity'])(
  'text is kept for %s, wherever it stands',
  (number) => {
    for (const text of [USUAL.replace('true', number), `{"a":${number}}`, `[[${number} ]]`, number]) {
      expect(scanJson(text).unusualNumbers).toBe(true);
    }
  },
);
