import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { formatConnectionInfo, writeConnectionFile } from '../../connection/write-connection-file.js';
import { CurveKernelError } from '../../errors.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/certificate-file.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import { sealText } from '../../keys/seal.js';
import { writePrivateFile } from '../../keys/write-private-file.js';
import type { Access } from '../../manager/client/access-client.js';
import type { IssuedGrant } from '../../manager/client/access-grant.js';

/** Throws `connection-file-unwritable` when there is something of that name: found out before the kernel is asked, not after. */
export async function refuseExistingFile(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  throw new CurveKernelError('connection-file-unwritable', `${file} exists already`, {
    hint: 'use another name, or remove it first',
    data: { file },
  });
}

/** Writes what the holder of a grant is to have: the connection file, or with `sealTo` one that only that key opens. */
export async function writeGrant(file: string, connection: ConnectionInfo, sealTo?: string): Promise<void> {
  if (sealTo === undefined) return void (await writeConnectionFile(file, connection));
  const sealed = await sealText(formatConnectionInfo(connection), sealTo);
  await writePrivateFile(file, sealed, { kind: 'connection-file', replace: true });
}

/** Has a new grant given to its holder, and takes it back when that fails. */
export async function deliverOrRevoke(
  access: Access,
  issued: IssuedGrant,
  give: () => Promise<unknown>,
): Promise<IssuedGrant> {
  try {
    await give();
    return issued;
  } catch (error) {
    await access.revoke({ id: issued.grant.id });
    throw error;
  }
}

/** The files of a job, as Cylc installs them for each: who it is, whom it may trust, and where to find it. */
export interface JobFiles {
  /** The job's pair, with the secret key. */
  readonly client: string;
  /** The public key of the kernel. */
  readonly server: string;
  /** The connection file, without a secret key. */
  readonly connection: string;
}

/** Which files a job gets in `folder`. */
export function jobFiles(folder: string, job: string): JobFiles {
  const base = join(folder, job);
  return { client: `${base}.key_secret`, server: `${base}.server.key`, connection: `${base}.json` };
}

/** Writes the files of a job, all or none; the folder is made if it is not there. Throws when one of them is there already. */
export async function writeJob(
  folder: string,
  job: string,
  { pair, connection }: { readonly pair: CurvePair; readonly connection: ConnectionInfo },
): Promise<JobFiles> {
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
    return files;
  } catch (error) {
    for (const file of written) await rm(file, { force: true });
    throw error;
  }
}
