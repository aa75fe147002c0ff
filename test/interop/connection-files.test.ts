import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readConnectionFile } from '#src/connection/read-connection-file.js';
import { formatConnectionInfo, writeConnectionFile } from '#src/connection/write-connection-file.js';
import { exposeZ85 } from '#src/keys/curve-pair.js';
import { pythonPath } from '../support/python.js';
import { inTemporaryFolder } from '../support/temporary-folder.js';
import { HMAC_KEY, sampleConnection } from '../support/sample-connection.js';

const IPC = {
  transport: 'ipc',
  ip: '/run/kernel-ipc',
  ports: { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 5 },
} as const;

async function python<T>(code: string, file: string): Promise<T> {
  const { stdout } = await promisify(execFile)(pythonPath(), [
    '-c',
    `import json, sys\nfile = sys.argv[1]\n${code}`,
    file,
  ]);
  return JSON.parse(stdout);
}

describe('jupyter_client', () => {
  test.each([
    ['tcp, with a text that is not ASCII', { extra: { note: 'Zoë 🔑' } }],
    ['ipc', IPC],
  ])('loads what we write: %s', (_, changes) =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const info = await sampleConnection(changes);
      await writeConnectionFile(file, info);
      const loaded = await python<object>(
        `from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=file)
client.load_connection_file()
text = lambda value: value.decode() if isinstance(value, bytes) else value
names = 'transport ip shell_port iopub_port stdin_port control_port hb_port kernel_name curve_publickey curve_secretkey'
fields = {name: text(getattr(client, name)) for name in names.split()}
print(json.dumps(fields | {'key': text(client.session.key), 'scheme': client.session.signature_scheme, 'file': json.load(open(file))}))`,
        file,
      );
      expect(loaded).toEqual({
        transport: info.transport,
        ip: info.ip,
        shell_port: info.ports.shell,
        iopub_port: info.ports.iopub,
        stdin_port: info.ports.stdin,
        control_port: info.ports.control,
        hb_port: info.ports.heartbeat,
        kernel_name: '',
        curve_publickey: info.curve?.publicKey,
        curve_secretkey: info.curve?.secretKey && exposeZ85(info.curve.secretKey),
        key: HMAC_KEY,
        scheme: 'hmac-sha256',
        file: JSON.parse(formatConnectionInfo(info)),
      });
    }),
  );

  test.each(['tcp', 'ipc'])('writes over %s what we load, and would write ourselves byte for byte', (transport) =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      const written = await python<Record<'text' | 'key' | 'secret', string>>(
        `import zmq
from jupyter_client.connect import write_connection_file
public, secret = zmq.curve_keypair()
write_connection_file(file, transport='${transport}', ip=${transport === 'ipc' ? "file + '-ipc'" : "'127.0.0.1'"},
  key='clé-🔑'.encode(), kernel_name='typescript', curve_publickey=public, curve_secretkey=secret, jupyter_session='/ü.ipynb')
print(json.dumps({'text': open(file).read(), 'key': 'clé-🔑', 'secret': secret.decode()}))`,
        file,
      );
      const before = await stat(file);
      const info = await readConnectionFile(file);
      expect(formatConnectionInfo(info)).toBe(written.text);
      expect(info).toMatchObject({ transport, kernelName: 'typescript', extra: { jupyter_session: '/ü.ipynb' } });
      expect(info.key.exposeText()).toBe(written.key);
      expect(info.curve?.secretKey && exposeZ85(info.curve.secretKey)).toBe(written.secret);
      expect(await writeConnectionFile(file, info)).toEqual({ written: false });
      expect((await stat(file)).ino).toBe(before.ino);
    }),
  );

  test('writes without keys what we load as plain text', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'kernel.json');
      await python<number>(
        `from jupyter_client.connect import write_connection_file; write_connection_file(file, key=b'k'); print(1)`,
        file,
      );
      const info = await readConnectionFile(file);
      expect(info.curve).toBeUndefined();
      expect(await writeConnectionFile(file, info)).toEqual({ written: false });
    }));
});
