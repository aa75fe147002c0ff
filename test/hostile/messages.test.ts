/** No input throws past the room's own errors. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeMessage, DELIMITER, encodeMessage } from '#src/protocol/frames.js';
import type { JsonObject } from '#src/protocol/message.js';
import { createReplayGuard } from '#src/protocol/replay-guard.js';
import { isCurveKernelError } from '#src/errors.js';
import { HEADER, sampleMessage, signedFrames, signer } from '../support/sample-message.js';

/** Decodes; passes only when that works or fails with an error of this room. */
function survives(frames: readonly Uint8Array[]): boolean {
  try {
    const { message } = decodeMessage(frames, signer, { replay: createReplayGuard() });
    expect(message.header.msg_id).not.toBe('');
    return true;
  } catch (error) {
    expect(isCurveKernelError(error) && error.code.startsWith('message-')).toBe(true);
    return false;
  }
}

const anyBytes = fc.uint8Array({ maxLength: 60 });
const json = fc.jsonValue({ stringUnit: 'binary' });
const hostileText = fc.oneof(
  json.map((value) => JSON.stringify(value)),
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u',
        'd800',
        '__proto__',
        '"a"',
        '1',
        '-',
        'e',
        'NaN',
        '\0',
      ),
      { maxLength: 20 },
    )
    .map((tokens) => tokens.join('')),
  fc.string({ unit: 'binary' }),
);
const field = fc.constantFrom(
  'msg_id',
  'msg_type',
  'session',
  'username',
  'date',
  'version',
  'subshell_id',
  '__proto__',
  'constructor',
  'x',
);
const headerLike = fc.oneof(
  fc
    .dictionary(field, fc.oneof(fc.string(), json), { noNullPrototype: true })
    .map((fields) => JSON.stringify({ ...HEADER, ...fields })),
  fc
    .array(fc.tuple(field, json))
    .map((members) => `{${members.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(',')}}`),
);

test('any frames', () => {
  const frame = fc.oneof(
    anyBytes,
    fc.constant(new TextEncoder().encode(DELIMITER)),
    fc.constant(new TextEncoder().encode('{}')),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => void survives(frames)),
    { numRuns: 2000 },
  );
});

test('correctly signed frames with any bytes in them', () => {
  const parts = fc.record({ header: anyBytes, parent: anyBytes, metadata: anyBytes, content: anyBytes });
  fc.assert(
    fc.property(parts, (given) => expect(survives(signedFrames(given))).toBe(false)),
    { numRuns: 500 },
  );
});

test('correctly signed frames with any JSON, and almost JSON, in any of them', () => {
  let accepted = 0;
  const part = fc.oneof({ weight: 3, arbitrary: headerLike }, { weight: 1, arbitrary: hostileText });
  const parts = fc.record({ header: part, parent: part, metadata: part, content: part }, { requiredKeys: [] });
  fc.assert(
    fc.property(parts, (given) => {
      if (survives(signedFrames(given))) accepted++;
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(0);
});

test('a message of which any frame was lost, doubled, swapped or changed in one byte', () => {
  const frames = [
    Buffer.from('routing'),
    ...encodeMessage(sampleMessage({ code: 'x' }, { buffers: [Buffer.from('b')] }), signer),
  ];
  const change = fc.record({
    kind: fc.constantFrom('lose', 'double', 'swap', 'flip'),
    at: fc.nat(frames.length - 1),
    with: fc.nat(frames.length - 1),
    byte: fc.nat(),
    bit: fc.nat(7),
  });
  fc.assert(
    fc.property(change, ({ kind, at, with: other, byte, bit }) => {
      const changed = frames.map((frame) => Buffer.from(frame));
      if (kind === 'lose') changed.splice(at, 1);
      else if (kind === 'double') changed.splice(at, 0, changed[at]!);
      else if (kind === 'swap') [changed[at], changed[other]] = [changed[other]!, changed[at]!];
      else changed[at]![byte % changed[at]!.length]! ^= 1 << bit;
      const decoded = survives(changed);
      const signed = changed.slice(1, 7).every((frame, index) => frame.equals(frames[index + 1]!));
      // Only frames outside the signature may differ in what is accepted: routing and buffers.
      if (decoded && !signed) expect(changed.findIndex((frame) => frame.equals(Buffer.from(DELIMITER)))).not.toBe(1);
    }),
    { numRuns: 1000 },
  );
});

test('any message that can be written can be read, and is the same', () => {
  const object: fc.Arbitrary<JsonObject> = fc
    .dictionary(fc.string({ unit: 'binary' }), json)
    .map((made): JsonObject => JSON.parse(JSON.stringify(made)));
  const buffers = fc.array(anyBytes, { maxLength: 4 });
  fc.assert(
    fc.property(object, object, buffers, fc.array(anyBytes, { maxLength: 3 }), (content, metadata, given, routing) => {
      const message = sampleMessage(content, { metadata, buffers: given });
      const decoded = decodeMessage([...routing, ...encodeMessage(message, signer)], signer);
      expect(decoded.routing).toEqual(routing);
      expect(decoded.message.header).toEqual(message.header);
      expect(JSON.stringify(decoded.message)).toBe(JSON.stringify(message));
      expect(decoded.message.buffers).toEqual(given);
    }),
  );
});
