import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { Secret } from '#src/keys/secret.js';
import type { ConnectionInfo } from '#src/connection/connection-info.js';

export const HMAC_KEY = 'a0436f6c-1916-498b-8eb9-e81ab9368e84';

/** A connection as our manager makes it, with a new shared pair. */
export async function sampleConnection(changes: Partial<ConnectionInfo> = {}): Promise<ConnectionInfo> {
  return {
    transport: 'tcp',
    ip: '127.0.0.1',
    ports: { shell: 50001, iopub: 50002, stdin: 50003, control: 50004, heartbeat: 50005 },
    key: Secret.fromText(HMAC_KEY),
    signatureScheme: 'hmac-sha256',
    kernelName: 'typescript',
    curve: await generateCurvePair(),
    extra: {},
    ...changes,
  };
}

/** The fields of a file with a new shared pair. */
export async function sampleFields(): Promise<Record<string, unknown>> {
  const { publicKey, secretKey } = await generateCurvePair();
  return {
    shell_port: 50001,
    iopub_port: 50002,
    stdin_port: 50003,
    control_port: 50004,
    hb_port: 50005,
    ip: '127.0.0.1',
    key: HMAC_KEY,
    transport: 'tcp',
    signature_scheme: 'hmac-sha256',
    kernel_name: 'typescript',
    curve_publickey: publicKey,
    curve_secretkey: exposeZ85(secretKey),
  };
}
