import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import { isCurveKernelError } from '#src/errors.js';
import { exposeZ85, generateCurvePair, secretKeyFromZ85 } from '#src/keys/curve-pair.js';
import { HMAC_KEY, sampleFields } from '../../support/sample-connection.js';

const SOURCE = '/run/kernel-1.json';
let fields: Record<string, unknown>;
let other: { readonly publicKey: string; readonly secretKey: string };

beforeAll(async () => {
  fields = await sampleFields();
  const pair = await generateCurvePair();
  other = { publicKey: pair.publicKey, secretKey: exposeZ85(pair.secretKey) };
});

const parse = (changes: object, options = {}): ReturnType<typeof parseConnectionInfo> =>
  parseConnectionInfo(JSON.stringify({ ...fields, ...changes }), SOURCE, options);

/** The secret key of the sample file, as the environment would give it. */
const given = (): object => ({ secretKey: secretKeyFromZ85(fields['curve_secretkey'], 'secret') });

/** The error must name file and field, and print no key and no other content of the file. */
async function expectInvalid(
  parsing: Promise<unknown>,
  field: string | undefined,
  ...secrets: string[]
): Promise<void> {
  const error = await parsing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCurveKernelError(error)) throw new Error('it was accepted', { cause: error });
  expect(error.code).toBe('connection-file-invalid');
  expect(error.data).toEqual(field === undefined ? { file: SOURCE } : { file: SOURCE, field });
  expect(error.message).toContain(SOURCE);
  expect(error.message).toContain(field ?? '');
  expect(error.hint).not.toBe('');
  const printed = inspect(error, { showHidden: true, depth: 9 });
  const keys = [HMAC_KEY, fields['curve_publickey'], fields['curve_secretkey'], other.publicKey, other.secretKey];
  for (const secret of [...keys, ...secrets]) expect(printed).not.toContain(secret);
}

async function parseOrRefuse(changes: object): Promise<void> {
  await parse(changes).catch((error: unknown) => {
    if (!isCurveKernelError(error, 'connection-file-invalid')) throw error;
  });
}

describe('a connection file says', () => {
  test('where the sockets are, and with which keys', async () => {
    const info = await parse({});
    expect(info).toMatchObject({
      transport: 'tcp',
      ip: '127.0.0.1',
      ports: { shell: 50001, iopub: 50002, stdin: 50003, control: 50004, heartbeat: 50005 },
      signatureScheme: 'hmac-sha256',
      kernelName: 'typescript',
      curve: { publicKey: fields['curve_publickey'] },
      extra: {},
    });
    expect(info.key.exposeText()).toBe(HMAC_KEY);
    expect(info.curve?.secretKey && exposeZ85(info.curve.secretKey)).toBe(fields['curve_secretkey']);
    expect(inspect(info, { showHidden: true, depth: 9 })).not.toContain(HMAC_KEY);
  });

  test('nothing about keys: plain text', async () => {
    expect(await parse({ curve_publickey: undefined, curve_secretkey: undefined })).not.toHaveProperty('curve');
    expect(await parse({ curve_publickey: null, curve_secretkey: null })).not.toHaveProperty('curve');
  });

  test('that a port is yet to be chosen', async () => {
    const chosen = { shell_port: 0, iopub_port: 0, stdin_port: 0, control_port: 0, hb_port: 0 };
    expect((await parse(chosen)).ports).toEqual({ shell: 0, iopub: 0, stdin: 0, control: 0, heartbeat: 0 });
  });

  test('things that are not ours, which are kept, whatever they are called', async () => {
    const text = JSON.stringify({ ...fields, jupyter_session: '/a.ipynb', nested: [{ a: null }] });
    const info = await parseConnectionInfo(`${text.slice(0, -1)}, "__proto__": {"polluted": true}}`, SOURCE);
    expect(Object.entries(info.extra)).toEqual([
      ['jupyter_session', '/a.ipynb'],
      ['nested', [{ a: null }]],
      ['__proto__', { polluted: true }],
    ]);
    expect('polluted' in {}).toBe(false);
    expect('polluted' in info.extra).toBe(false);
  });

  test('less than all: the defaults of jupyter_client', async () => {
    const info = await parse({ transport: undefined, signature_scheme: null, kernel_name: null });
    expect(info).toMatchObject({ transport: 'tcp', signatureScheme: 'hmac-sha256' });
    expect(info).not.toHaveProperty('kernelName');
    expect((await parse({ kernel_name: '' })).kernelName).toBe('');
  });

  test.each(['', null, undefined, 'hmac-sha256'])(
    'that messages are not signed, with the scheme %p',
    async (scheme) => {
      const { key, signatureScheme } = await parse({ key: '', signature_scheme: scheme });
      expect([key.byteLength, signatureScheme]).toEqual([0, 'hmac-sha256']);
    },
  );

  test.each(['*', '0.0.0.0', '::1', '[::1]', 'fe80::1%eth0', 'localhost', 'node-3.cluster.example', 'eth0', 'my_host'])(
    'that tcp listens at %s',
    async (ip) => expect((await parse({ ip })).ip).toBe(ip),
  );

  test('where ipc sockets are', async () => {
    const ipc = { transport: 'ipc', shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
    expect(await parse({ ...ipc, ip: '/run/user/0/jupyter/kernel 1-ipc' })).toMatchObject({ transport: 'ipc' });
    expect(await parse({ ...ipc, ip: 'kernel-ipc' })).toMatchObject({ ip: 'kernel-ipc' });
    await expectInvalid(parse({ ...ipc, ip: `/${'x'.repeat(106)}` }), 'ip');
    await expect(parse({ ...ipc, ip: `/${'x'.repeat(106)}` })).rejects.toThrow(
      /has 109 bytes; the system allows 10[37]/,
    );
    await expectInvalid(parse({ ...ipc, ip: '/run/a\0b' }), 'ip');
    await expectInvalid(parse({ ...ipc, iopub_port: 1 }), 'iopub_port');
  });
});

describe('a connection file is refused, by file and field,', () => {
  const PORT_FIELDS = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'];
  const BAD_PORTS = [-1, 65536, 1e300, 80.5, '50001', true, [1], {}, null, undefined];

  test.each(PORT_FIELDS)('for every bad %s', async (field) => {
    for (const port of BAD_PORTS) await expectInvalid(parse({ [field]: port }), field);
  });

  test('for a port that two sockets share', async () => {
    await expectInvalid(parse({ hb_port: 50001 }), 'hb_port');
    await expect(parse({ hb_port: 50001 })).rejects.toThrow('hb_port is 50001, as shell_port is');
  });

  test.each(['udp', '', 'TCP', 'inproc', 5, [], true])('for the transport %p', (transport) =>
    expectInvalid(parse({ transport }), 'transport'),
  );

  test.each([
    '',
    ' ',
    'a b',
    '1.2.3',
    '999.1.1.1',
    '127.0.0.1:80',
    '1.2.3.4;x',
    'ho/st',
    ':',
    '[::1',
    '-a',
    'a-',
    5,
    null,
  ])('for the ip %p', (ip) => expectInvalid(parse({ ip }), 'ip'));

  test.each([5, null, undefined, ['x'], '\ud800'])('for the key %p', (key) => expectInvalid(parse({ key }), 'key'));

  test.each(['', 'sha256', 'hmac-', 'hmac-sha 256', 256])('for the signature scheme %p', (signature_scheme) =>
    expectInvalid(parse({ signature_scheme }), 'signature_scheme'),
  );

  test.each([5, {}, ['x']])('for the kernel name %p', (kernel_name) =>
    expectInvalid(parse({ kernel_name }), 'kernel_name'),
  );

  test.each([undefined, null])('for half a pair, the other half being %p', async (nothing) => {
    await expectInvalid(parse({ curve_secretkey: nothing }), 'curve_secretkey');
    await expectInvalid(parse({ curve_publickey: nothing }), 'curve_publickey');
    await expect(parse({ curve_secretkey: nothing })).rejects.toThrow(/half a key pair/);
    await expect(parse({ curve_publickey: nothing })).rejects.toThrow(/half a key pair/);
  });

  test('for a pair that does not match', async () => {
    await expectInvalid(parse({ curve_secretkey: other.secretKey }), 'curve_secretkey');
    await expectInvalid(parse({ curve_publickey: other.publicKey }), 'curve_secretkey');
  });

  test.each(['curve_publickey', 'curve_secretkey', 'curve_client_publickey'])('for a bad %s', async (field) => {
    const key = String(fields['curve_secretkey']);
    const bad = ['', key.slice(1), `${key} `, `${key.slice(1)}~`, '#'.repeat(40), 5, [key], { key }, true];
    for (const value of bad) await expectInvalid(parse({ [field]: value }), field, key.slice(1));
  });

  test.each([
    ['nothing', ''],
    ['blanks', ' \n'],
    ['a list', '[1]'],
    ['null', 'null'],
    ['a text', '"text"'],
    ['a number', '5'],
    ['too deep', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('for holding %s', (_, text) => expectInvalid(parseConnectionInfo(text, SOURCE), undefined));

  test.each([
    ['JSON of another kind', '{"cells": [], "nbformat": 4}', /is not one: it names no ports\.$/],
    ['a log', '[I 2026-11-27 ServerApp] Kernel started', /is not JSON\.$/],
  ])('for being %s, and the hint says what to name', async (_, text, problem) => {
    const parsing = parseConnectionInfo(text, SOURCE);
    await expect(parsing).rejects.toMatchObject({
      message: expect.stringMatching(problem),
      hint: expect.stringMatching(/^Name the connection file of a kernel, such as kernel-….json/),
    });
  });

  test('for JSON with a mistake right beside a key', async () => {
    const text = JSON.stringify(fields);
    for (const broken of [text.slice(0, -1), text.replace('","', '",,"'), `${text}x`, text.replaceAll('"', "'")]) {
      await expectInvalid(parseConnectionInfo(broken, SOURCE), undefined, HMAC_KEY.slice(0, 8));
    }
  });

  test('and with nothing but an error of ours, whatever is in it', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(null, '', 0, -1, 70_000, 'tcp', 'ipc', 'x'.repeat(40)));
    const damage = fc.dictionary(fc.constantFrom(...Object.keys(fields), 'curve_client_publickey', '__proto__'), value);
    await fc.assert(fc.asyncProperty(damage, parseOrRefuse), { numRuns: 300 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), (text) =>
        parseConnectionInfo(text, SOURCE).then(
          () => false,
          (error: unknown) => isCurveKernelError(error, 'connection-file-invalid'),
        ),
      ),
    );
  });
});

describe('a connection file whose secret key comes by environment', () => {
  const withoutSecret = { curve_secretkey: undefined };

  test('is complete with that key', async () => {
    const { curve } = await parse(withoutSecret, given());
    expect(curve?.secretKey && exposeZ85(curve.secretKey)).toBe(fields['curve_secretkey']);
    expect((await parse({}, given())).curve?.secretKey).toBeDefined();
  });

  test('is refused with another one, or in plain text', async () => {
    const wrong = { secretKey: secretKeyFromZ85(other.secretKey, 'secret') };
    await expectInvalid(parse(withoutSecret, wrong), 'curve_publickey');
    await expectInvalid(parse({}, wrong), 'curve_publickey');
    await expectInvalid(parse({ ...withoutSecret, curve_publickey: undefined }, given()), 'curve_publickey');
    await expect(parse({ ...withoutSecret, curve_publickey: null }, given())).rejects.toThrow(
      /JUPYTER_CURVE_SECRETKEY/,
    );
  });
});

describe('a grant for a client with a key of its own', () => {
  test('names both public keys and needs no secret', async () => {
    const { curve } = await parse({ curve_secretkey: undefined, curve_client_publickey: other.publicKey });
    expect(curve).toEqual({ publicKey: fields['curve_publickey'], clientPublicKey: other.publicKey });
  });

  test("is refused with the kernel's secret in it, or without the kernel's public key", async () => {
    await expectInvalid(parse({ curve_client_publickey: other.publicKey }), 'curve_secretkey');
    const half = { curve_publickey: undefined, curve_secretkey: undefined, curve_client_publickey: other.publicKey };
    await expectInvalid(parse(half), 'curve_publickey');
  });
});
