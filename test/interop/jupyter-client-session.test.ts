/** Both directions against jupyter_client's own Session: what it writes is read, and what is written here it accepts. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from '@jest/globals';
import { decodeMessage, encodeMessage } from '#src/protocol/frames.js';
import type { JsonObject, Message } from '#src/protocol/message.js';
import { createReplayGuard } from '#src/protocol/replay-guard.js';
import { createSigner } from '#src/protocol/signer.js';
import { Secret } from '#src/keys/secret.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { codeOf, KEY, sampleMessage, signer } from '../support/sample-message.js';

const interop = requireOrSkip('a test Python', existsSync(pythonPath()));

interface Written {
  readonly name: string;
  readonly frames: readonly string[];
  readonly expected: Pick<Message, 'header' | 'parent_header' | 'metadata' | 'content'>;
}
interface Read {
  readonly error?: string;
  readonly routing: readonly string[];
  readonly msg_id: string;
  readonly date: string;
  readonly header: JsonObject;
  readonly parent_header: JsonObject;
  readonly metadata: JsonObject;
  /** As JSON text. */
  readonly content: string;
  readonly buffers: readonly string[];
}
interface Exchange {
  readonly read: readonly Read[];
  readonly written: readonly Written[];
  readonly odd: Written;
}

function exchange(scheme: string, frames: readonly (readonly Uint8Array[])[]): Exchange {
  const encoded = frames.map((message) => message.map((frame) => Buffer.from(frame).toString('base64')));
  const script = join(repository, 'test/support/programs/session_exchange.py');
  const input = `${JSON.stringify({ key: KEY, scheme, frames: encoded })}\n`;
  const output = execFileSync(pythonPath(), [script], { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const result: Exchange = JSON.parse(output);
  return result;
}

const fromBase64 = (frames: readonly string[]) => frames.map((frame) => Buffer.from(frame, 'base64'));

const parent = sampleMessage().header;
const odd: JsonObject = JSON.parse('{"__proto__": {"a": 1}}');
const ours: Record<string, Message> = {
  'a request': sampleMessage({ code: 'print(1)', silent: false }),
  unicode: sampleMessage({ code: 'ünïcödé 😀 \u2028 \0', ключ: 'значение' }),
  'a child with metadata': sampleMessage({}, { parent, metadata: { started: '2026-01-02T03:04:05.678Z', none: null } }),
  buffers: sampleMessage(
    {},
    { buffers: [new Uint8Array(0), Buffer.from('slice').subarray(1, 3), new Uint8Array(70_000)] },
  ),
  'a subshell': sampleMessage({ code: '' }, { subshellId: 's-1' }),
  numbers: sampleMessage({ n: [0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER, 5e-324] }),
  'no finite number': sampleMessage({ n: Number.NaN, m: Number.POSITIVE_INFINITY }),
  'a lone surrogate': sampleMessage({ text: 'a\ud800b' }),
  'a member named __proto__': sampleMessage(odd),
};

describe.each(['hmac-sha256', 'hmac-sha512', 'hmac-sha3_256', 'hmac-blake2b', 'hmac-blake2s'])('under %s', (scheme) => {
  const by = createSigner(scheme, Secret.fromText(KEY));
  const routing = [Buffer.from([0, 255]), Buffer.from('topic')];
  let found: Exchange;

  beforeAll(() => {
    const messages = Object.values(ours).map((message) => [...routing, ...encodeMessage(message, by)]);
    const tampered = encodeMessage(sampleMessage(), by);
    tampered[5] = Buffer.from('{"code":"2"}');
    const foreign = encodeMessage(sampleMessage(), createSigner(scheme, Secret.fromText('another')));
    found = exchange(scheme, [...messages, messages[0]!, tampered, foreign]);
  });

  interop('Session accepts what is written here, and reads the same', () => {
    Object.values(ours).forEach((message, index) => {
      const read = found.read[index]!;
      expect(read.error).toBeUndefined();
      expect(read.routing).toEqual(routing.map((frame) => frame.toString('base64')));
      expect(read.msg_id).toBe(message.header.msg_id);
      expect(Date.parse(read.date)).toBe(Date.parse(message.header.date));
      const withoutDate = { ...message.header, date: expect.any(String) };
      expect(read.header).toEqual(withoutDate);
      expect(read.parent_header['msg_id']).toBe(message.parent_header.msg_id);
      expect(Object.keys(read.metadata)).toEqual(Object.keys(message.metadata));
      expect(JSON.parse(read.content)).toEqual(
        JSON.parse(JSON.stringify(message.content).replace('\\ud800', '\ufffd')),
      );
      expect(read.buffers).toEqual(message.buffers.map((buffer) => Buffer.from(buffer).toString('base64')));
    });
  });

  interop('Session refuses the same things: a repeated message, a changed one, another key', () => {
    expect(found.read.slice(Object.keys(ours).length)).toEqual([
      { error: expect.stringContaining('Duplicate Signature') },
      { error: expect.stringContaining('Invalid Signature') },
      { error: expect.stringContaining('Invalid Signature') },
    ]);
  });

  interop('what Session writes is read, and is the same', () => {
    const replay = createReplayGuard();
    expect(found.written).toHaveLength(12);
    for (const { name, frames, expected } of found.written) {
      const all = fromBase64(frames);
      const { routing: way, message } = decodeMessage(all, by, { replay });
      expect({ name, ...message, buffers: 0 }).toEqual({ name, ...expected, buffers: 0 });
      expect(way).toEqual(all.slice(0, name === 'routing' ? 2 : 0));
      expect(message.buffers).toEqual(name === 'buffers' ? all.slice(-3) : []);
      expect(codeOf(() => decodeMessage(all, by, { replay }))).toBe('message-replayed');
      if (scheme !== 'hmac-sha256') expect(codeOf(() => decodeMessage(all, signer))).toBe('message-unsigned');
    }
  });

  interop('text that Session writes without it being UTF-8 is read as Session reads it', () => {
    const frames = fromBase64(found.odd.frames);
    for (const sender of ['client', 'kernel'] as const) {
      expect(decodeMessage(frames, by, { sender })).toMatchObject({ message: { content: { text: 'caf\ufffd' } } });
    }
  });
});
