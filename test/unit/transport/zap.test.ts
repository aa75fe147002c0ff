import { generateCurvePairSync } from '#src/keys/curve-pair.js';
import { describe, expect, test } from '@jest/globals';
import { curveKeyPair, Context, Dealer, Router } from 'zeromq';
import { decodeZ85 } from '#src/keys/z85.js';
import { serveCurve } from '#src/transport/curve-options.js';
import { probeIn } from '#src/transport/client/probe.js';
import { ZapHandler } from '#src/transport/server/zap-handler.js';
import { formatZapReply, parseZapRequest, type ZapVerdict } from '#src/transport/server/zap-message.js';
import { inRoom } from '../../support/kernel/room.js';

const key = Buffer.from(decodeZ85(curveKeyPair().publicKey));
const frames = (...texts: (string | Buffer)[]): Buffer[] => texts.map((text) => Buffer.from(text));
const REQUEST = frames('id', '', '1.0', '1', 'domain', '127.0.0.1', '', 'CURVE', key);

describe('a ZAP request', () => {
  test('is read, with the key as Z85', () => {
    const parsed = parseZapRequest(REQUEST);
    expect(parsed?.request).toMatchObject({ domain: 'domain', address: '127.0.0.1' });
    expect(Buffer.from(decodeZ85(parsed?.request.publicKey ?? ''))).toEqual(key);
  });

  test('without a Curve key has none', () => {
    for (const credentials of [
      ['NULL'],
      ['PLAIN', 'admin', 'admin'],
      ['CURVE', 'short'],
      ['CURVE', key, key],
      ['CURVE'],
    ]) {
      expect(parseZapRequest([...REQUEST.slice(0, 7), ...frames(...credentials)])?.request.publicKey).toBeUndefined();
    }
  });

  test('that is none is passed over', () => {
    for (let length = 0; length < 8; length++) expect(parseZapRequest(REQUEST.slice(0, length))).toBeUndefined();
    expect(parseZapRequest(REQUEST.with(2, Buffer.from('2.0')))).toBeUndefined();
    expect(parseZapRequest(REQUEST.with(1, Buffer.from('x')))).toBeUndefined();
  });

  test('is answered with 200 and the user, 400, or 300 for what is no refusal for good', () => {
    const path = parseZapRequest(REQUEST)?.path;
    if (!path) throw new Error('not read');
    const texts = (verdict: ZapVerdict): string[] =>
      formatZapReply(path, verdict).map((frame) => Buffer.from(frame).toString());
    expect(texts({ userId: 'ada' })).toEqual(['id', '', '1.0', '1', '200', '', 'ada', '']);
    expect(texts('refused')).toEqual(['id', '', '1.0', '1', '400', 'not admitted', '', '']);
    expect(texts('busy')).toEqual(['id', '', '1.0', '1', '300', 'too many connections', '', '']);
  });
});

describe('a CURVE socket', () => {
  const server = generateCurvePairSync();
  const stranger = { mechanism: 'curve', serverKey: server.publicKey } as const;

  /** What a stranger meets at a socket that `handle` may have prepared the context for. */
  async function knock(handle: (context: Context) => unknown): Promise<string> {
    const context = new Context({ blocky: false });
    const socket = new Router({ context, linger: 0 });
    serveCurve(socket, server, 'domain');
    const end = await handle(context);
    socket.bindSync('tcp://127.0.0.1:*');
    try {
      return await probeIn(context, socket.lastEndpoint ?? '', stranger, 'shell', { timeout: 60_000 });
    } finally {
      if (typeof end === 'function') await end();
      socket.close();
    }
  }

  test('admits whom the rule of its domain admits', async () => {
    const found = await knock((context) => {
      const zap = new ZapHandler(context);
      zap.govern('domain', () => ({ userId: 'anybody' }));
      return () => zap.close();
    });
    expect(found).toBe('admitted');
  });

  test('admits no peer without a handler', async () => {
    expect(await knock(() => undefined)).toBe('refused');
  });

  test('admits no peer when the handler was closed', async () => {
    const found = await knock(async (context) => {
      const zap = new ZapHandler(context);
      zap.govern('domain', () => ({ userId: 'anybody' }));
      await zap.close();
    });
    expect(found).toBe('refused');
  });

  test('admits nobody under a rule that refuses or throws, was taken away, or governs another domain', async () => {
    const cases: ((zap: ZapHandler) => void)[] = [
      (zap) => zap.govern('domain', () => 'refused'),
      (zap) =>
        zap.govern('domain', () => {
          throw new Error('a bug');
        }),
      (zap) => zap.govern('domain', () => ({ userId: 'anybody' }))(),
      (zap) => zap.govern('another', () => ({ userId: 'anybody' })),
    ];
    for (const prepare of cases) {
      const found = await knock((context) => {
        const zap = new ZapHandler(context);
        prepare(zap);
        return () => zap.close();
      });
      expect(found).toBe('refused');
    }
  });

  test('needs a domain that is not empty', () => {
    const socket = new Router();
    expect(() => serveCurve(socket, server, '')).toThrow(TypeError);
    socket.close();
  });
});

test('requests that are malformed have no effect, and the handler goes on', async () => {
  const context = new Context({ blocky: false });
  const zap = new ZapHandler(context);
  zap.govern('domain', () => ({ userId: 'ada' }));
  const asker = new Dealer({ context, linger: 0, receiveTimeout: 60_000 });
  asker.connect('inproc://zeromq.zap.01');
  await asker.send(['', '1.0', '1', 'domain']);
  await asker.send(['x']);
  await asker.send(['', '9.9', '2', 'domain', 'a', '', 'CURVE', key]);
  await asker.send(['', '1.0', '3', 'domain', 'a', '', 'NULL']);
  await asker.send(['', '1.0', '4', 'domain', 'a', '', 'CURVE', key]);
  const answers = [await asker.receive(), await asker.receive()];
  asker.close();
  await zap.close();
  // The handler leaves it to the rule what a peer without a key may do: this one admits anybody.
  expect(answers.map((answer) => answer.slice(2, 4).map(String))).toEqual([
    ['3', '200'],
    ['4', '200'],
  ]);
});

test('a listener whose sockets admit a peer that they must refuse does not serve', () =>
  inRoom(async (room) => {
    const { zap } = room.context;
    const govern = zap.govern.bind(zap);
    zap.govern = (domain) => govern(domain, () => ({ userId: 'anybody' }));
    await expect(room.listen()).rejects.toMatchObject({
      code: 'self-check-failed',
      message: expect.stringContaining('a stranger who knows the public key'),
    });
    zap.govern = govern;
    await room.listen();
  }));
