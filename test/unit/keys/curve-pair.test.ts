import { describe, expect, test } from '@jest/globals';
import {
  checkCurvePair,
  checkPublicKey,
  curvePairOf,
  exposeZ85,
  generateCurvePair,
  generateCurvePairSync,
  publicKeyFromSecret,
  samePublicKey,
  secretKeyFromZ85,
} from '#src/keys/curve-pair.js';
import { fingerprint } from '#src/keys/fingerprint.js';
import { Secret } from '#src/keys/secret.js';
import { runNode } from '../../support/run-node.js';

/** The keys of libzmq's own Curve tests. */
const KNOWN = [
  { publicKey: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID', secretKey: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs' },
  { publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', secretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6' },
];

describe('a Curve pair', () => {
  test('belongs together, and its public key follows from the secret one', async () => {
    const pair = await generateCurvePair();
    expect(pair.publicKey).toHaveLength(40);
    expect(pair.secretKey.byteLength).toBe(32);
    expect(await publicKeyFromSecret(pair.secretKey)).toBe(pair.publicKey);
    await checkCurvePair(pair);
  });

  test.each(KNOWN)('of libzmq is accepted: $publicKey', async ({ publicKey, secretKey }) => {
    const secret = secretKeyFromZ85(secretKey, 'secret');
    expect(await publicKeyFromSecret(secret)).toBe(publicKey);
    expect(exposeZ85(secret)).toBe(secretKey);
    await checkCurvePair({ publicKey, secretKey: secret });
  });

  test('of two halves is a mismatch', async () => {
    const [one, other] = [await generateCurvePair(), await generateCurvePair()];
    const mixed = { publicKey: one.publicKey, secretKey: other.secretKey };
    await expect(checkCurvePair(mixed)).rejects.toMatchObject({ code: 'key-mismatch' });
  });

  test('with a secret of the wrong length is no pair', async () => {
    const { publicKey } = await generateCurvePair();
    const short = { publicKey, secretKey: Secret.fromBytes(new Uint8Array(31)) };
    await expect(checkCurvePair(short)).rejects.toMatchObject({ code: 'key-invalid' });
  });

  test('is compared by public key', async () => {
    const { publicKey } = await generateCurvePair();
    expect(samePublicKey(publicKey, publicKey)).toBe(true);
    expect(samePublicKey(publicKey, (await generateCurvePair()).publicKey)).toBe(false);
    expect(samePublicKey(publicKey, publicKey.slice(1))).toBe(false);
  });

  test.each([
    ['undefined', undefined],
    ['a number', 5],
    ['an empty text', ''],
    ['39 characters', 'x'.repeat(39)],
    ['41 characters', 'x'.repeat(41)],
    ['a foreign character', `${'x'.repeat(39)}~`],
    ['a value beyond 32 bits', '#'.repeat(40)],
  ])('is not made of %s, and the error names what was wanted only', (_, text) => {
    for (const decode of [checkPublicKey, secretKeyFromZ85]) {
      expect(() => decode(text, 'curve_publickey')).toThrow(
        expect.objectContaining({ code: 'key-invalid', message: expect.stringMatching(/^curve_publickey /) }),
      );
      if (typeof text === 'string' && text !== '') expect(() => decode(text, 'it')).not.toThrow(text);
    }
  });

  test('is checked by OpenSSL as libsodium makes it', async () => {
    for (let count = 0; count < 50; count++) {
      const { publicKey, secretKey } = await generateCurvePair();
      expect(curvePairOf(secretKey).publicKey).toBe(publicKey);
      expect(await publicKeyFromSecret(secretKey)).toBe(publicKey);
    }
  });

  test('for a kernel’s sockets is made by OpenSSL, and is one to libsodium as well', async () => {
    const pairs = Array.from({ length: 100 }, generateCurvePairSync);
    for (const pair of pairs) expect(await publicKeyFromSecret(pair.secretKey)).toBe(pair.publicKey);
    expect(new Set(pairs.map(({ publicKey }) => publicKey)).size).toBe(100);
    expect(() => curvePairOf(Secret.fromBytes(new Uint8Array(31)))).toThrow(
      expect.objectContaining({ code: 'key-invalid' }),
    );
  });

  test('costs nothing until one is made: libsodium is not loaded by importing the room, nor by checking a pair', async () => {
    const { stdout } = await runNode(`
      const { instantiate } = WebAssembly;
      let loaded = false;
      WebAssembly.instantiate = (...args) => ((loaded = true), instantiate(...args));
      const pairs = await import('#src/keys/curve-pair.js');
      const secretKey = pairs.secretKeyFromZ85('JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6', 'it');
      await pairs.checkCurvePair({ publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', secretKey });
      console.log(loaded);
      await pairs.generateCurvePair();
      console.log(loaded);
    `);
    expect(stdout).toBe('false\ntrue\n');
  });
});

describe('a fingerprint', () => {
  test('is stable, short, and not the key', async () => {
    const key = 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID';
    expect(fingerprint(key)).toBe(fingerprint(key));
    expect(fingerprint(key)).toMatch(/^SHA256:[\w-]{16}$/);
    expect(fingerprint(key)).not.toBe(fingerprint((await generateCurvePair()).publicKey));
  });
});
