import { expect, test } from '@jest/globals';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { isSealed, openSealedText, sealText } from '#src/keys/seal.js';
import { isCurveKernelError } from '#src/errors.js';

const TEXT = '{ "key": "a secret", "ip": "127.0.0.1", "who": "Zoë" }';

/** What a promise was rejected with. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('only the holder of the secret key opens what was sealed to the public one', async () => {
  const [alice, mallory] = [await generateCurvePair(), await generateCurvePair()];
  const sealed = await sealText(TEXT, alice.publicKey);
  expect(await openSealedText(sealed, alice, 'mail')).toBe(TEXT);
  expect(await failure(openSealedText(sealed, mallory, 'mail'))).toMatchObject({ code: 'key-mismatch' });
});

test('a sealed text can be told from others, has short lines, and holds neither the text nor a key', async () => {
  const { publicKey, secretKey } = await generateCurvePair();
  const sealed = await sealText(TEXT, publicKey);
  expect([isSealed(sealed), isSealed(TEXT)]).toEqual([true, false]);
  expect(sealed.split('\n').every((line) => line.length <= 64)).toBe(true);
  for (const hidden of ['a secret', publicKey, exposeZ85(secretKey)]) {
    expect(sealed).not.toContain(hidden);
    expect(Buffer.from(sealed.replaceAll(/^-.*$/gm, ''), 'base64').includes(hidden)).toBe(false);
  }
});

test('what a mail program adds around and in front of the lines does no harm', async () => {
  const alice = await generateCurvePair();
  const sealed = await sealText(TEXT, alice.publicKey);
  const quoted = `Dear Alice,\r\n\r\n${sealed.replaceAll(/^/gm, '> ').replaceAll('\n', '\r\n')}\r\nBob`;
  expect(await openSealedText(quoted, alice, 'mail')).toBe(TEXT);
});

test('the same text is sealed differently each time', async () => {
  const { publicKey } = await generateCurvePair();
  expect(await sealText(TEXT, publicKey)).not.toBe(await sealText(TEXT, publicKey));
});

test('every change, however small, is noticed', async () => {
  const alice = await generateCurvePair();
  const sealed = await sealText(TEXT, alice.publicKey);
  const [begin = '', body = '', ...rest] = sealed.split('\n');
  for (const at of [0, 30, 50, body.length - 1]) {
    const changed = body.slice(0, at) + (body[at] === 'A' ? 'B' : 'A') + body.slice(at + 1);
    const text = [begin, changed, ...rest].join('\n');
    expect(await failure(openSealedText(text, alice, 'mail'))).toMatchObject({ code: 'key-mismatch' });
  }
});

test.each(['', 'hello', '{}', '-----BEGIN JUPYTER-CURVE SEALED FILE-----\nAAAA'])(
  'text that is not sealed is refused with its name and without its content: %j',
  async (text) => {
    const error = await failure(openSealedText(text, await generateCurvePair(), 'the-file'));
    expect(error).toMatchObject({ code: 'key-file-invalid', message: expect.stringMatching(/^the-file /) });
  },
);

test('a sealed box with nothing inside the lines, or with too little, is refused', async () => {
  const alice = await generateCurvePair();
  const [begin = '', , , ...end] = (await sealText('', alice.publicKey)).split('\n');
  for (const body of ['', '****', 'AAAA']) {
    const error = await failure(openSealedText([begin, body, ...end].join('\n'), alice, 'mail'));
    expect(isCurveKernelError(error)).toBe(true);
  }
});

test('nothing is sealed to what is not a key', async () => {
  expect(await failure(sealText(TEXT, 'alice'))).toMatchObject({ code: 'key-invalid' });
});
