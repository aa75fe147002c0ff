import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeZ85, encodeZ85 } from '#src/keys/z85.js';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** The test data of ZeroMQ RFC 32, and the keys of libzmq's own Curve tests. */
const VECTORS: readonly (readonly [string, string])[] = [
  ['864fd26fb559f75b', 'HelloWorld'],
  ['8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7', 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6'],
  ['bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518', 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'],
  ['7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888', 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs'],
  ['54fcba24e93249969316fb617c872bb0c1d1ff14800427c594cbfacf1bc2d652', 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'],
  ['00000000', '00000'],
  ['ffffffff', '%nSc0'],
  ['', ''],
];

describe('Z85', () => {
  test.each(VECTORS)('%s is written as %s', (hex, text) => {
    expect(encodeZ85(bytes(hex))).toBe(text);
    expect(decodeZ85(text)).toEqual(bytes(hex));
  });

  test('every sequence of whole words survives', () => {
    const words = fc.uint8Array({ maxLength: 64 }).map((array) => array.subarray(0, array.length - (array.length % 4)));
    fc.assert(fc.property(words, (word) => Buffer.from(decodeZ85(encodeZ85(word))).equals(word)));
  });

  test('a view into a larger buffer is encoded from its own offset', () => {
    expect(encodeZ85(bytes('00864fd26fb559f75b00').subarray(1, 9))).toBe('HelloWorld');
  });

  test('bytes that are no whole words are a TypeError', () => {
    expect(() => encodeZ85(new Uint8Array(31))).toThrow(TypeError);
  });

  test.each([
    ['a length that is no multiple of five', 'HelloWorl'],
    ['a character outside the alphabet', 'Hell~World'],
    ['a quotation mark', 'Hell"World'],
    ['a character outside the first plane', 'abc😀'],
    ['the group after the largest one', '%nSc1'],
    ['the largest group of characters', '#####'],
  ])('%s is refused without being repeated', (_, text) => {
    const decode = (): unknown => decodeZ85(text);
    expect(decode).toThrow(expect.objectContaining({ code: 'key-invalid' }));
    expect(decode).not.toThrow(text);
  });
});
