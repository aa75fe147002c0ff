import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CurveKernelError, isCurveKernelError } from '../errors.js';
import { readCertificateFile } from '../keys/certificate-file.js';
import { samePublicKey, type CurvePair } from '../keys/curve-pair.js';
import { jupyterDataFolder } from '../launch/jupyter-paths.js';

/** The folder of the key pairs of `keygen --name`: `curve_keys` in Jupyter's data folder. */
export async function ownKeysFolder(): Promise<string> {
  return join(await jupyterDataFolder(), 'curve_keys');
}

/** Creates {@link ownKeysFolder} if needed, with mode 0700. */
export async function makeOwnKeysFolder(): Promise<string> {
  const folder = await ownKeysFolder();
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CurveKernelError('key-file-unwritable', `The folder ${folder} cannot be created.`, {
      hint: 'Check that you may write there, or use --out BASE.',
      cause,
    });
  }
  return folder;
}

/** Reads the pair in a certificate file. @throws CurveKernelError `key-file-*`; `key-file-invalid` also for the public one of the two files. */
export async function readPair(file: string): Promise<CurvePair> {
  const { publicKey, secretKey } = await readCertificateFile(file);
  if (secretKey !== undefined) return { publicKey, secretKey };
  throw new CurveKernelError('key-file-invalid', `The file ${file} holds no secret key.`, {
    hint: 'Name the other of the two files, which ends in .key_secret.',
    data: { file },
  });
}

/** Reads the pair that `keygen --name` stored under this name. @throws CurveKernelError `key-file-*`. */
export async function readOwnPair(name: string): Promise<CurvePair> {
  return readPair(join(await ownKeysFolder(), `${name}.key_secret`));
}

/** Reads all pairs of `keygen --name`, without those that cannot be read. */
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

/** Finds the stored pair with this public key. @throws CurveKernelError `key-needed`. */
export async function findOwnPair(publicKey: string): Promise<CurvePair> {
  const pair = (await readOwnPairs()).find((one) => samePublicKey(one.publicKey, publicKey));
  if (pair !== undefined) return pair;
  throw new CurveKernelError('key-needed', 'The connection file is a grant to a key that is not among yours.', {
    hint: `Name the file of the key pair with --key-file; your pairs are in ${await ownKeysFolder()}.`,
  });
}
