import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createSigner } from '#src/protocol/signer.js';
import { Secret } from '#src/keys/secret.js';
import { codeOf } from '../../support/sample-message.js';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('hmac-sha256', () => {
  // RFC 4231, test cases 1, 2, 3, 4, 6 and 7.
  test.each([
    ['0b'.repeat(20), Buffer.from('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '4a656665',
      Buffer.from('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['aa'.repeat(20), hex('dd'.repeat(50)), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      hex('cd'.repeat(50)),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      'aa'.repeat(131),
      Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      'aa'.repeat(131),
      Buffer.from(
        'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('agrees with RFC 4231 for the key %.16s…', (key, data, expected) => {
    const signer = createSigner('hmac-sha256', Secret.fromBytes(hex(key)));
    expect(signer.sign([data])).toBe(expected);
    expect(signer.sign([data.subarray(0, 3), data.subarray(3)])).toBe(expected);
    expect(signer.verify(Buffer.from(expected), [data])).toBe(true);
  });

  test('verifies what it signed and nothing that differs in one bit, wherever that is', () => {
    const signer = createSigner('hmac-sha256', Secret.fromText('key'));
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, fc.nat(), fc.nat(7), (given, position, bit) => {
        const signature = Buffer.from(signer.sign(given));
        expect(signer.verify(signature, given)).toBe(true);
        const changed = Buffer.from(signature);
        changed[position % changed.length]! ^= 1 << bit;
        expect(signer.verify(changed, given)).toBe(false);
        const extended = given.with(0, Uint8Array.from([...given[0]!, position % 256]));
        expect(signer.verify(signature, extended)).toBe(false);
      }),
    );
  });

  test('does not verify a signature of any other length', () => {
    const signer = createSigner('hmac-sha256', Secret.fromText('key'));
    const right = signer.sign([]);
    for (const wrong of ['', right.slice(1), `${right}0`, right.repeat(2), ` ${right.slice(1)}`]) {
      expect(signer.verify(Buffer.from(wrong), [])).toBe(false);
    }
  });
});

describe('a signature scheme', () => {
  test.each([
    'sha256',
    'hmac-',
    'hmac-md5',
    'hmac-sha1',
    'HMAC-SHA256',
    'hmac-nonsense',
    'hmac-RSA-SHA256',
    'toString',
    '',
  ])('%p is refused by name', (scheme) => {
    const attempt = () => createSigner(scheme, Secret.fromText('key'));
    expect(codeOf(attempt)).toBe('signature-scheme-unsupported');
    expect(attempt).toThrow(`${JSON.stringify(scheme)}; one of hmac-sha256`);
  });

  test.each([
    ['hmac-sha384', 'sha384'],
    ['hmac-sha512', 'sha512'],
    ['hmac-sha3_256', 'sha3-256'],
    ['hmac-sha3_384', 'sha3-384'],
    ['hmac-sha3_512', 'sha3-512'],
    ['hmac-blake2b', 'blake2b512'],
    ['hmac-blake2s', 'blake2s256'],
  ])('%s works', (scheme, hash) => {
    const expected = createHmac(hash, 'key').update('data').digest('hex');
    expect(createSigner(scheme, Secret.fromText('key')).sign([Buffer.from('data')])).toBe(expected);
  });
});

describe('a key', () => {
  test('that is empty disables signatures, whatever the scheme is', () => {
    for (const scheme of ['hmac-sha256', 'hmac-md5', '']) {
      const signer = createSigner(scheme, Secret.fromText(''));
      expect([signer.signs, signer.sign([Buffer.from('data')])]).toEqual([false, '']);
      for (const text of ['', 'x', 'f'.repeat(64)]) expect(signer.verify(Buffer.from(text), [])).toBe(true);
    }
    expect(createSigner('hmac-sha256', Secret.fromText('key')).signs).toBe(true);
  });

  test('of one byte does not: an empty signature is refused', () => {
    const signer = createSigner('hmac-sha256', Secret.fromText(' '));
    expect(signer.verify(Buffer.alloc(0), [])).toBe(false);
  });

  test('is nowhere in a signer as Node prints it', () => {
    const signer = createSigner('hmac-sha256', Secret.fromText('very-secret-key'));
    const printed = [
      inspect(signer, { depth: 9, showHidden: true }),
      JSON.stringify(signer),
      ...Object.values(signer).map(String),
    ];
    expect(printed.join('\n')).not.toContain('very-secret-key');
  });

  test('that was wiped signs and verifies no more', () => {
    const key = Secret.fromText('key');
    const signer = createSigner('hmac-sha256', key);
    key.wipe();
    expect(() => signer.sign([])).toThrow(TypeError);
    expect(() => signer.verify(Buffer.alloc(64), [])).toThrow(TypeError);
  });
});
