import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { formatConnectionInfo, writeConnectionFile } from '../../connection/write-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/certificate-file.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { sealText } from '../../keys/seal.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import type { Access, IssuedGrant } from '../../access/access.js';

/** Checks, before the kernel is asked, that the file does not exist yet. @throws CurveKernelError `connection-file-unwritable`. */
export async function refuseExistingFile(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  throw new CurveKernelError('connection-file-unwritable', `The file ${file} exists already.`, {
    hint: 'Use another name, or remove it first.',
    data: { file },
  });
}

/** Writes the connection file of a grant; with `sealTo`, encrypted to that public key. */
export async function writeGrant(file: string, connection: ConnectionInfo, sealTo?: string): Promise<void> {
  if (sealTo === undefined) return void (await writeConnectionFile(file, connection));
  const sealed = await sealText(formatConnectionInfo(connection), sealTo);
  await writePrivateFile(file, sealed, { kind: 'connection-file', replace: true });
}

/** Delivers a new grant with `deliver`, and revokes it when that fails. */
export async function deliverOrRevoke(
  access: Access,
  issued: IssuedGrant,
  deliver: (connection: ConnectionInfo) => Promise<unknown>,
): Promise<IssuedGrant> {
  try {
    await deliver(issued.connection);
    return issued;
  } catch (error) {
    await access.revoke({ id: issued.grant.id });
    throw error;
  }
}

/**
 * The paths of a batch job's files in `folder`, as Cylc installs them for each: certificate files with the secret key of the job and with
 * the public key of the kernel, and the connection file, without a secret key.
 */
export function jobFiles(folder: string, job: string): Readonly<Record<'client' | 'server' | 'connection', string>> {
  const base = join(folder, job);
  return { client: `${base}.key_secret`, server: `${base}.server.key`, connection: `${base}.json` };
}

/** Writes the files of a job, all or none, and creates the folder if needed. Throws when one of the files exists already. */
export async function writeJob(
  folder: string,
  job: string,
  { pair, connection }: { readonly pair: CurvePair; readonly connection: ConnectionInfo },
): Promise<void> {
  const files = jobFiles(folder, job);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const written: string[] = [];
  const write = async (file: string, writing: Promise<unknown>): Promise<void> => {
    await writing;
    written.push(file);
  };
  try {
    await write(files.client, writeSecretCertificate(files.client, pair, { name: job }));
    await write(files.server, writePublicCertificate(files.server, connection.curve?.publicKey ?? ''));
    await refuseExistingFile(files.connection);
    await write(files.connection, writeConnectionFile(files.connection, connection));
  } catch (error) {
    for (const file of written) await rm(file, { force: true });
    throw error;
  }
}
