import { describe, expect, test } from '@jest/globals';
import { array, assert, dictionary, integer, jsonValue, nat, property, record, string, uint8Array } from 'fast-check';
import {
  createFrameReader,
  encodeFrame,
  EVALUATOR_LIMITS,
  type Frame,
  TEXT_HEAD_BYTES,
  writeTextHead,
} from '#src/typescript/pipe/pipe-frames.js';
import { checkEvaluatorMessage, type EvaluatorMessage } from '#src/typescript/pipe/pipe-messages.js';
import { foldData } from '#src/typescript/evaluator/output/fold-data.js';
import { unfoldData } from '#src/typescript/pipe/unfold-data.js';

/** A frame's JSON as it comes out, without what says how its buffers are cut. */
function withoutLengths(value: object): unknown {
  return JSON.parse(JSON.stringify({ ...value, buffers: undefined }));
}

const joined = (...frame: Parameters<typeof encodeFrame>): Buffer => Buffer.concat(encodeFrame(...frame));

describe('frames', () => {
  test('come out as they went in, whatever the chunks', () => {
    const frame = record({
      value: dictionary(
        string().filter((key) => key !== 'buffers'),
        jsonValue(),
      ),
      buffers: array(uint8Array()),
    });
    assert(
      property(array(frame), integer({ min: 1, max: 40 }), (frames, size) => {
        const bytes = Buffer.concat(frames.flatMap(({ value, buffers }) => encodeFrame(value, buffers)));
        const reader = createFrameReader();
        const read = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
        expect(read.map(({ buffers }) => buffers.map((each) => [...each]))).toEqual(
          frames.map(({ buffers }) => buffers.map((each) => [...each])),
        );
        expect(read.map(({ value }) => withoutLengths(value))).toEqual(
          frames.map(({ value }) => withoutLengths(value)),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('of printed text have no JSON', () => {
    const bytes = Buffer.alloc(TEXT_HEAD_BYTES + 3);
    bytes.write('hé', TEXT_HEAD_BYTES);
    writeTextHead(bytes, 3, 7, true);
    expect(createFrameReader().push(bytes)).toEqual([
      { value: { type: 'stream', cell: 7, name: 'stderr', text: 'hé' }, buffers: [] },
    ]);
  });

  test('of any other bytes throw a TypeError or wait for more, and nothing else', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), nat(80), (noise, length) => {
        const bytes = Buffer.from(noise);
        if (bytes.length >= 8) {
          bytes.writeUInt32BE(length, 0);
          bytes.writeUInt32BE(length >> 1, 4);
        }
        try {
          for (const frame of createFrameReader().push(bytes)) unfoldData(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of the evaluator that would cost the kernel much are refused before they are parsed', () => {
    const many = { type: 'display', data: { all: Array.from({ length: 60_000 }, () => []) } };
    const text = Buffer.concat([Buffer.alloc(TEXT_HEAD_BYTES), Buffer.alloc(70_000, 'x')]);
    writeTextHead(text, 70_000, 1, false);
    for (const frame of [joined(many), joined({ long: 'x'.repeat(5e6) }), text])
      expect(() => createFrameReader(EVALUATOR_LIMITS).push(frame)).toThrow(/more than the limit|too much/);
    expect(() => encodeFrame(many, [], EVALUATOR_LIMITS)).toThrow('120003 values, more than the limit of 50000');
    expect(createFrameReader().push(joined(many))).toHaveLength(1);
  });

  test('that announce more than the limit are refused before they come', () => {
    expect(() => createFrameReader().push(Buffer.from('ffffffff00000002', 'hex'))).toThrow(TypeError);
  });
});

test('messages of a wrong shape are refused, and the refusal does not quote them', () => {
  const secret = 'content that must not be quoted';
  for (const value of [
    {},
    { type: 'toString' },
    { type: '__proto__' },
    { type: 'stream', cell: 1, name: 'stdin', text: secret },
    { type: 'stream', cell: 1.5, name: 'stdout', text: secret },
    { type: 'display', cell: 1, data: secret, metadata: {} },
    { type: 'publish', cell: 1, msgType: 'status', content: { secret }, metadata: {} },
    { type: 'done', id: 1, userExpressions: {}, error: { ename: secret } },
  ]) {
    expect(() => checkEvaluatorMessage(value)).toThrow(TypeError);
    expect(() => checkEvaluatorMessage(value)).not.toThrow(secret);
  }
});

const unfold = (frame: Frame): readonly [EvaluatorMessage, readonly Uint8Array[]] => {
  const unfolding = unfoldData(frame);
  for (;;) {
    const step = unfolding.next();
    if (step.done === true) return step.value;
  }
};
const through = (message: EvaluatorMessage): (readonly [EvaluatorMessage, readonly Uint8Array[]])[] =>
  createFrameReader()
    .push(joined(...foldData(message, [Buffer.from('buffer')])))
    .map(unfold);
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('the data of a display', () => {
  test('comes out as it went in, whether it crossed beside the rest or in it', () => {
    for (const size of [0, 1000, 40_000, 2_000_000]) {
      const data = { 'text/plain': '<é"\n>'.repeat(10) + 'x'.repeat(size), 'application/json': { list: [1, null] } };
      const message = { type: 'display', cell: 3, data, metadata: { m: 1 }, displayId: 'd', update: true } as const;
      expect(through(message)).toMatchObject([[message, [Buffer.from('buffer')]]]);
    }
  });

  const plain = { type: 'display', cell: 1, data: {}, metadata: {}, written: ['data'] };
  test.each<[string, object, readonly Uint8Array[]]>([
    ['is promised and missing', plain, []],
    ['is no JSON', plain, [Buffer.from('{')]],
    ['is a text', plain, [json('x')]],
    ['is too deep', plain, [Buffer.from(`{"a":${'['.repeat(501)}${']'.repeat(501)}}`)]],
    ['is that of another type of message', { type: 'clear', cell: 1, wait: false, written: ['data'] }, [json({})]],
    ['belongs to a message of a wrong shape', { ...plain, cell: 'x' }, [json({})]],
  ])('that %s is refused', (_what, value, buffers) => {
    const [frame] = createFrameReader().push(joined(value, buffers));
    expect(() => frame && unfold(frame)).toThrow(TypeError);
  });
});

test('a long result, long user expressions and the long data of a comm cross beside the rest too', () => {
  const long = { 'text/plain': 'short', list: Array.from({ length: 60_000 }, () => []) };
  const done = { type: 'done', id: 1, result: { data: long, metadata: {} }, userExpressions: { a: long } } as const;
  const comm = { comm_id: 'c', target_name: 't', data: long };
  const publish = { type: 'publish', cell: 1, msgType: 'comm_open', content: comm, metadata: {} } as const;
  for (const message of [done, publish]) {
    expect(() => encodeFrame(message, [], EVALUATOR_LIMITS)).toThrow('values');
    const [frame] = createFrameReader(EVALUATOR_LIMITS).push(
      joined(...foldData(message, [Buffer.from('buffer')]), EVALUATOR_LIMITS),
    );
    expect(frame && unfold(frame)).toMatchObject([message, [Buffer.from('buffer')]]);
  }
});
