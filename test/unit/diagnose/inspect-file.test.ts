/** What `inspect` says of a file: by its content, without a key of it. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inspectFile } from '#src/diagnose/inspect/inspect-file.js';
import { startAudit } from '#src/access/audit/audit-chain.js';
import { grantNote } from '#src/connection/grant-note.js';
import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { writeCertificateFiles } from '#src/keys/certificate-file.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { sealText } from '#src/keys/seal.js';
import { sampleConnection, sampleFields, HMAC_KEY } from '../../support/sample-connection.js';
import { inOpenFolder, inTemporaryFolder } from '../../support/temporary-folder.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');

/** Inspects a file with this text. */
async function inspectText(text: string, name = 'file.json', mode = 0o600) {
  let found: Awaited<ReturnType<typeof inspectFile>> | undefined;
  await inOpenFolder(async (folder) => {
    const file = join(folder, name);
    await writeFile(file, text);
    await chmod(file, mode);
    found = await inspectFile(file, NOW);
  });
  if (found === undefined) throw new Error('nothing was inspected');
  const { inspection } = found;
  return { ...inspection, values: Object.fromEntries(inspection.facts.map((fact) => [fact.name, fact.value])) };
}

const inspectFields = (fields: object, mode?: number) => inspectText(JSON.stringify(fields), 'file.json', mode);

describe('a connection file', () => {
  test('is explained by where it leads, how it is signed, and the fingerprint of its key', async () => {
    const fields = await sampleFields();
    const { kind, values, problems, readers } = await inspectFields(fields);
    expect(kind).toBe('connection-file');
    expect(values).toMatchObject({ kernel_name: 'typescript', keys: 'pair', signatures: 'hmac-sha256' });
    expect(values['endpoints']).toMatchObject({ shell: 'tcp://127.0.0.1:50001' });
    expect(values['kernel_fingerprint']).toMatch(/^SHA256:[\w-]{16}$/);
    expect(problems).toEqual([]);
    expect(readers).toMatchObject({ mode: '0600', owner: 'this user', readableBy: 'its owner' });
  });

  test('shows no key of it, in any state', async () => {
    const fields = await sampleFields();
    const other = await generateCurvePair();
    const states = [
      fields,
      { ...fields, curve_secretkey: undefined },
      { ...fields, curve_publickey: undefined },
      { ...fields, curve_secretkey: exposeZ85(other.secretKey) },
      { ...fields, curve_client_publickey: other.publicKey },
      { ...fields, curve_secretkey: `${String(fields['curve_secretkey']).slice(1)}canary` },
      { ...fields, curve_publickey: 7 },
    ];
    const keys = [
      HMAC_KEY,
      other.publicKey,
      exposeZ85(other.secretKey),
      fields['curve_publickey'],
      fields['curve_secretkey'],
      'canary',
    ];
    for (const state of states) {
      const said = JSON.stringify(await inspectFields(state, 0o644));
      for (const key of keys) expect(said).not.toContain(JSON.stringify(key).slice(1, -1));
    }
  });

  test.each([
    ['the secret key alone', { curve_publickey: null }, 'broken', 'half a key pair'],
    ['keys of two pairs', { curve_publickey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' }, 'broken', 'does not belong'],
    ['a key that is none', { curve_secretkey: 'short' }, 'broken', '40 characters'],
  ])('with %s has a problem', async (_, change, keys, message) => {
    const { values, problems } = await inspectFields({ ...(await sampleFields()), ...change });
    expect(values['keys']).toBe(keys);
    expect(problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
  });

  test('with the public key alone may belong to a kernel that got its secret by environment', async () => {
    const { values, problems } = await inspectFields({ ...(await sampleFields()), curve_secretkey: undefined });
    expect(values['keys']).toBe('public');
    expect(problems).toEqual([]);
  });

  test('without keys and without a signature key is open to every program', async () => {
    const { values, problems } = await inspectFields({
      ...(await sampleFields()),
      curve_publickey: null,
      curve_secretkey: null,
      key: '',
    });
    expect(values).toMatchObject({ keys: 'none', signatures: null });
    expect(problems).toHaveLength(1);
  });

  test('that others can read or change is a problem, in an open folder only', async () => {
    const fields = await sampleFields();
    const { problems, readers } = await inspectFields(fields, 0o666);
    expect(readers.readableBy).toBe('every user');
    expect(problems.map(({ hint }) => hint)).toEqual([
      expect.stringContaining('chmod 600'),
      expect.stringContaining('chmod go-w'),
    ]);
    await inTemporaryFolder(async (folder) => {
      const file = join(folder, 'k.json');
      await writeFile(file, JSON.stringify(fields));
      await chmod(file, 0o644);
      const { inspection } = await inspectFile(file, NOW);
      expect(inspection.readers).toMatchObject({ mode: '0644', readableBy: 'its owner', closedFolder: true });
      expect(inspection.problems).toEqual([]);
    });
  });
});

describe('a grant', () => {
  test('is explained by its name, roles and end', async () => {
    const extra = grantNote({ name: 'alice', roles: ['observer'], expiresAt: '2030-06-01T00:00:00.000Z' });
    const { kind, values, problems } = await inspectText(formatConnectionInfo(await sampleConnection({ extra })));
    expect(kind).toBe('grant');
    expect(values).toMatchObject({
      grant_name: 'alice',
      grant_roles: ['observer'],
      grant_expires_at: '2030-06-01T00:00:00.000Z',
    });
    expect(problems).toEqual([]);
  });

  test('that has ended is a problem', async () => {
    const extra = grantNote({ name: 'alice', expiresAt: '2029-12-31T00:00:00.000Z' });
    const { problems, values } = await inspectText(formatConnectionInfo(await sampleConnection({ extra })));
    expect(problems.map(({ message }) => message)).toEqual(['The grant ended at 2029-12-31T00:00:00.000Z.']);
    expect(values['grant_roles']).toBeNull();
  });

  test('to a key of the client says so, and has the fingerprint of both keys', async () => {
    const [kernel, client] = [await generateCurvePair(), await generateCurvePair()];
    const curve = { publicKey: kernel.publicKey, clientPublicKey: client.publicKey };
    const { kind, values } = await inspectText(formatConnectionInfo(await sampleConnection({ curve })));
    expect(kind).toBe('grant');
    expect(values['keys']).toBe('own-key');
    expect(values['client_fingerprint']).not.toBe(values['kernel_fingerprint']);
  });

  test('that is sealed is recognised, also inside a mail', async () => {
    const { publicKey } = await generateCurvePair();
    const sealed = await sealText('canary', publicKey);
    expect((await inspectText(`Hello\n\n${sealed}`, 'mail.txt')).kind).toBe('sealed-grant');
  });
});

describe('other files', () => {
  const spec = {
    argv: ['python', '-m', 'canary'],
    display_name: 'Python',
    language: 'python',
    env: { TOKEN: 'canary' },
  };

  test('a kernelspec, by its folder or its kernel.json, shows names of variables and no values', async () => {
    await inTemporaryFolder(async (folder) => {
      const resources = join(folder, 'Py');
      await mkdir(resources);
      await writeFile(join(resources, 'kernel.json'), JSON.stringify(spec));
      for (const path of [resources, join(resources, 'kernel.json')]) {
        const { inspection } = await inspectFile(path, NOW);
        expect(inspection.kind).toBe('kernelspec');
        expect(JSON.stringify(inspection)).not.toContain('canary');
        expect(inspection.facts.find(({ name }) => name === 'env')?.value).toEqual(['TOKEN']);
      }
    });
  });

  test.each([
    ['native', { supported_encryption: 'curve' }],
    ['relayed', { supported_encryption: ['curve'], jupyter_curve: { relays: { name: 'ir', spec: '/a', sha256: '' } } }],
    ['plain', {}],
  ])('a kernelspec is %s by its metadata', async (encryption, metadata) => {
    const { values } = await inspectText(JSON.stringify({ ...spec, metadata }), 'kernel.json');
    expect(values['encryption']).toBe(encryption);
  });

  test('a policy, a list of clients, an audit, a record and a certificate are recognised', async () => {
    const { publicKey } = await generateCurvePair();
    const record = { owner: {}, kernel: { pid: 7 }, files: ['/a.json'] };
    expect((await inspectText('anonymous: observer\n', 'rules.yaml')).kind).toBe('policy');
    const list = await inspectText(`alice ${publicKey} observer expires=2030-01-31\n`, 'list');
    expect(list.kind).toBe('authorized-clients');
    expect(JSON.stringify(list)).not.toContain(JSON.stringify(publicKey).slice(1, -1));
    expect(
      (await inspectText(`${startAudit({ kernel: 'k', time: '2030-01-01T00:00:00Z' }).text}\n`, 'k.jsonl')).kind,
    ).toBe('audit');
    expect((await inspectText(JSON.stringify(record))).values).toMatchObject({ pid: 7, connection_file: '/a.json' });
    await inTemporaryFolder(async (folder) => {
      const { publicFile, secretFile } = await writeCertificateFiles(join(folder, 'bob'), await generateCurvePair());
      for (const file of [publicFile, secretFile]) expect((await inspectFile(file)).inspection.kind).toBe('key-file');
    });
  });

  test.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['JSON of another kind', '{"a":1}'],
    ['bytes', '\0\u0001'],
  ])('%s is an error that says what is wanted', async (_, text) => {
    await expect(inspectText(text, 'x')).rejects.toMatchObject({ code: 'connection-file-invalid' });
  });

  test('a pipe does not hold it up, and a missing file is an error', async () => {
    await inTemporaryFolder(async (folder) => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      await expect(inspectFile(pipe)).rejects.toMatchObject({ code: 'connection-file-unsafe' });
      await expect(inspectFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'connection-file-missing' });
    });
  });
});
