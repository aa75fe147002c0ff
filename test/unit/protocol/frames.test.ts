import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS, DELIMITER, decodeMessage, encodeMessage } from '#src/protocol/frames.js';
import { createReplayGuard } from '#src/protocol/replay-guard.js';
import { createSigner } from '#src/protocol/signer.js';
import { Secret } from '#src/keys/secret.js';
import { codeOf, sampleMessage, signedFrames, signer } from '../../support/sample-message.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const stranger = createSigner('hmac-sha256', Secret.fromText('another key'));

describe('a message', () => {
  test('comes back from its frames as it was, with parent, metadata and buffers', () => {
    const parent = sampleMessage().header;
    const message = sampleMessage(
      { code: 'ünï "quoted" \u0000 \ud83d\ude00', nested: { deep: [1, -0.5, null, true, ''] } },
      { parent, metadata: { cellId: 'c' }, buffers: [bytes(), bytes(1, 2, 3)], subshellId: 'sub' },
    );
    const decoded = decodeMessage(encodeMessage(message, signer), signer);
    expect(decoded).toEqual({ routing: [], message });
    expect(decoded.message.header.subshell_id).toBe('sub');
  });

  test('starts on the wire with the delimiter and a signature in lower-case hexadecimal', () => {
    const frames = encodeMessage(sampleMessage(), signer);
    expect(Buffer.from(frames[0]!).toString()).toBe(DELIMITER);
    expect(Buffer.from(frames[1]!).toString()).toMatch(/^[0-9a-f]{64}$/);
    expect(frames).toHaveLength(6);
  });

  test('keeps the frames before the delimiter as its way back', () => {
    const routing = [bytes(0, 1, 2), Buffer.from('kernel.1.stream')];
    expect(decodeMessage([...routing, ...signedFrames()], signer).routing).toEqual(routing);
  });

  test('hands over buffers without copying them, also when one of them looks like the delimiter', () => {
    const buffers = [new Uint8Array(1_000_000).subarray(10), Buffer.from(DELIMITER)];
    const { message } = decodeMessage(encodeMessage(sampleMessage({}, { buffers }), signer), signer);
    expect(message.buffers).toHaveLength(2);
    expect(message.buffers[0]).toBe(buffers[0]);
    expect(message.buffers[1]).toBe(buffers[1]);
  });

  test('of an unknown type is as good as any other', () => {
    const header = { msg_id: '1', msg_type: 'Ω/unheard_of', session: 's', invented: { a: [1] } };
    expect(decodeMessage(signedFrames({ header }), signer).message.header).toMatchObject(header);
  });

  test('with lone surrogates, which no notebook can be saved with, is repaired when it is written', () => {
    const message = sampleMessage({
      text: 'a\ud800b',
      whole: '\ud83d\ude00',
      path: 'C:\\udev',
      'name \udc00': { '\ud801': 1 },
    });
    expect(decodeMessage(encodeMessage(message, signer), signer).message.content).toEqual({
      text: 'a\ufffdb',
      'name \ufffd': { '\ufffd': 1 },
      whole: '\ud83d\ude00',
      path: 'C:\\udev',
    });
  });

  test('with lone surrogates, which are valid JSON, is read as it is', () => {
    const content = { '\udc00': 'a\ud800b' };
    expect(decodeMessage(signedFrames({ content }), signer).message.content).toEqual(content);
  });
});

describe('checks come in this order:', () => {
  const limits = { ...DEFAULT_LIMITS, maxBytes: 10_000, maxFrames: 20, maxIdentities: 2 };
  const decode = (frames: readonly Uint8Array[], replay = createReplayGuard()) =>
    codeOf(() => decodeMessage(frames, signer, { limits, replay, sender: 'kernel' }));

  test('the number of frames before the delimiter', () => {
    expect(decode(Array.from({ length: 21 }, () => bytes()))).toBe('message-too-large');
    expect(decode(Array.from({ length: 20 }, () => bytes()))).toBe('message-malformed');
  });

  test('the number of bytes before the delimiter', () => {
    expect(decode([new Uint8Array(10_001)])).toBe('message-too-large');
    expect(decode([new Uint8Array(10_000)])).toBe('message-malformed');
  });

  test('the delimiter before the number of routing frames', () => {
    expect(decode([bytes(), bytes(), bytes()])).toBe('message-malformed');
    expect(decode([bytes(1), bytes(2), bytes(3), ...signedFrames({}, stranger)])).toBe('message-too-large');
  });

  test.each([0, 1, 2, 3, 4])('a short message, with %d frames after the delimiter, before the signature', (kept) => {
    expect(decode(signedFrames({}, stranger).slice(0, kept + 1))).toBe('message-malformed');
    expect(decode(signedFrames().slice(0, kept + 1))).toBe('message-malformed');
  });

  test('no frames at all are malformed', () => {
    expect(decode([])).toBe('message-malformed');
  });

  test('the number of bytes in a header before its signature', () => {
    const long = `{"x":"${'x'.repeat(DEFAULT_LIMITS.maxHeaderBytes)}"}`;
    const roomy = { ...limits, maxBytes: DEFAULT_LIMITS.maxBytes };
    for (const part of [{ header: long }, { parent: long }]) {
      expect(codeOf(() => decodeMessage(signedFrames(part, stranger), signer, { limits: roomy }))).toBe(
        'message-too-large',
      );
    }
    expect(codeOf(() => decodeMessage(signedFrames({ content: long }), signer, { limits: roomy }))).toBeUndefined();
  });

  test('the signature before JSON: hostile text of a stranger is not parsed', () => {
    for (const content of ['{', '['.repeat(5000), '{"a":NaN}', Buffer.from([0xff])]) {
      expect(decode(signedFrames({ content }, stranger))).toBe('message-unsigned');
      expect(decode(signedFrames({ header: content }, stranger))).toBe('message-unsigned');
    }
  });

  test('the signature before the replay: what a stranger sends is never remembered', () => {
    const guard = createReplayGuard();
    const honest = signedFrames();
    const tampered = [...honest.slice(0, 5), Buffer.from('{"code":"other"}')];
    expect(decode(tampered, guard)).toBe('message-unsigned');
    expect(decode(honest, guard)).toBeUndefined();
    expect(decode(tampered, guard)).toBe('message-unsigned');
    expect(decode(honest, guard)).toBe('message-replayed');
  });

  test('the replay before JSON', () => {
    const guard = createReplayGuard();
    const broken = signedFrames({ content: '{' });
    expect(decode(broken, guard)).toBe('message-malformed');
    expect(decode(broken, guard)).toBe('message-replayed');
  });

  test('JSON before the shape of the header', () => {
    expect(() => decodeMessage(signedFrames({ header: '{"msg_id":' }), signer)).toThrow('The header is not JSON.');
  });
});

describe('a signature', () => {
  test.each([
    ['empty', ''],
    ['of another key', encodeMessage(sampleMessage(), stranger)[1]!],
    ['cut short', signer.sign([]).slice(0, 10)],
    ['of another length', 'x'.repeat(1000)],
  ])('that is %s is refused', (_, signature) => {
    const frames = signedFrames();
    frames[1] = typeof signature === 'string' ? Buffer.from(signature) : signature;
    expect(codeOf(() => decodeMessage(frames, signer))).toBe('message-unsigned');
  });

  test('in upper case is refused, so that a message has one signature only and cannot pass the replay guard twice', () => {
    const frames = signedFrames();
    frames[1] = Buffer.from(Buffer.from(frames[1]!).toString().toUpperCase());
    expect(codeOf(() => decodeMessage(frames, signer))).toBe('message-unsigned');
  });

  test('does not carry over to frames cut elsewhere, though the signed bytes are the same', () => {
    const frames = signedFrames({ parent: { msg_id: 'p' }, metadata: { a: 1 }, content: { b: 2 } });
    const joined = Buffer.concat(frames.slice(2));
    let refused = 0;
    for (let cut = 0; cut <= frames[2]!.length + frames[3]!.length; cut++) {
      if (cut === frames[2]!.length) continue;
      const moved = [joined.subarray(0, cut), joined.subarray(cut, frames[2]!.length + frames[3]!.length)];
      const code = codeOf(() => decodeMessage([...frames.slice(0, 2), ...moved, ...frames.slice(4)], signer));
      expect(code).toBe('message-malformed');
      refused++;
    }
    expect(refused).toBe(frames[2]!.length + frames[3]!.length);
  });
});

test('an error says what was found and wanted, and nothing of the message, its signature or the key', () => {
  const secrets = ['MARKER', signer.sign([])];
  const broken = [
    signedFrames({ content: '{"code": "MARKER", "x":}' }),
    signedFrames({ header: { ...sampleMessage().header, msg_type: ['MARKER'] } }),
    signedFrames({ header: '"MARKER"' }),
    signedFrames({ content: { code: 'MARKER' } }, stranger),
    [Buffer.from('MARKER')],
  ];
  for (const frames of broken) {
    let caught: unknown;
    try {
      caught = decodeMessage(frames, signer).fault;
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: expect.stringMatching(/^message-/), hint: expect.any(String) });
    const printed = inspect(caught, { depth: 9, showHidden: true });
    for (const secret of secrets) expect(printed).not.toContain(secret);
  }
});
