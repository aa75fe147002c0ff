import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { readCertificateFile } from '../keys/certificate-file.js';
import { samePublicKey, type CurvePair } from '../keys/curve-pair.js';
import { jupyterDataFolder } from '../launch/jupyter-paths.js';

/** Where `keygen --name` keeps this user's own pairs: `curve_keys` in Jupyter's data folder. */
export async function ownKeysFolder(): Promise<string> {
  return join(await jupyterDataFolder(), 'curve_keys');
}

/** As {@link ownKeysFolder}, made if it is not there, for this user alone. */
export async function makeOwnKeysFolder(): Promise<string> {
  const folder = await ownKeysFolder();
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CurveKernelError('key-file-unwritable', `the folder ${folder} cannot be made`, {
      hint: 'check that you may write there, or say --out BASE',
      cause,
    });
  }
  return folder;
}

/** The pair in a certificate file. Throws `key-file-*`, `key-file-invalid` also for the public one of the two files. */
export async function readPair(file: string): Promise<CurvePair> {
  const { publicKey, secretKey } = await readCertificateFile(file);
  if (secretKey !== undefined) return { publicKey, secretKey };
  throw new CurveKernelError('key-file-invalid', `${file} holds no secret key`, {
    hint: 'name the other of the two files, which ends in .key_secret',
    data: { file },
  });
}

/** The own pair that `keygen --name` made under this name. Throws `key-file-*`. */
export async function readOwnPair(name: string): Promise<CurvePair> {
  return readPair(join(await ownKeysFolder(), `${name}.key_secret`));
}

/** All own pairs that can be read. */
export async function readOwnPairs(): Promise<readonly CurvePair[]> {
  const folder = await ownKeysFolder();
  const names = await readdir(folder).catch(() => []);
  const pairs = await Promise.all(
    names
      .filter((name) => name.endsWith('.key_secret'))
      .map((name) =>
        readPair(join(folder, name)).catch((error: unknown) => {
          if (isCurveKernelError(error)) return undefined;
          throw error;
        }),
      ),
  );
  return pairs.filter((pair) => pair !== undefined);
}

/** The own pair with this public key. Throws `key-needed`. */
export async function findOwnPair(publicKey: string): Promise<CurvePair> {
  const pair = (await readOwnPairs()).find((one) => samePublicKey(one.publicKey, publicKey));
  if (pair !== undefined) return pair;
  throw new CurveKernelError('key-needed', 'the connection file is a grant to a key that is not among yours', {
    hint: `name the file with its secret by --key-file; yours are in ${await ownKeysFolder()}`,
  });
}
