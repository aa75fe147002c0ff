import type { ConnectionInfo } from '../../connection/connection-info.js';
import { endpoint } from '../../connection/endpoints.js';
import { parseConnectionInfo } from '../../connection/read-connection-file.js';
import { writeConnectionFile } from '../../connection/write-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { samePublicKey, type CurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { readPrivateFile } from '../../keys/read-private-file.js';
import { openSealedText } from '../../keys/seal.js';
import { refuseExistingFile } from '../output/grant-files.js';
import { printNote, printResult } from '../output/output.js';
import { ownKeysFolder, readOwnPair, readOwnPairs, readPair } from '../own-keys.js';
import { defineCommand } from '../command.js';
import { argument, needed, text } from '../options/option.js';
import { onlyOneOf } from '../output/usage-error.js';

/** `accept`: opens a file of `grant --seal`. */
export const command = defineCommand({
  arguments: { sealed: argument('The sealed file') },
  options: {
    name: text('Name of the key pair, as given to "keygen --name"'),
    'key-file': text('Certificate file of the key pair [default: found among yours]'),
    out: needed('Where to write the connection file'),
  },
  check: (values) => onlyOneOf(values, 'accept', ['name', 'key-file']),
  examples: [['accept alice.sealed --out kernel.json']],
  run: async ({ sealed, name, 'key-file': keyFile, out }) => {
    await refuseExistingFile(out);
    const content = await readPrivateFile(sealed, {
      kind: 'connection-file',
      maxBytes: 64 * 1024,
      isSecret: () => false,
    });
    const pairs =
      keyFile !== undefined
        ? [await readPair(keyFile)]
        : name !== undefined
          ? [await readOwnPair(name)]
          : await readOwnPairs();
    const { opened, pair } = await openWithOne(content, sealed, pairs);
    const connection = await parseConnectionInfo(opened, sealed);
    checkRecipient(connection, pair, sealed);
    await writeConnectionFile(out, connection);
    const kernel = fingerprint(connection.curve?.publicKey ?? '');
    printNote(`this is a grant of the kernel at ${endpoint(connection, 'shell')} with the key ${kernel}`);
    printNote('a seal does not prove who made it: if that matters, compare the key with the sender');
    printResult(out);
  },
});

async function openWithOne(
  content: string,
  source: string,
  pairs: readonly CurvePair[],
): Promise<{ opened: string; pair: CurvePair }> {
  let refusal: CurveKernelError | undefined;
  for (const pair of pairs) {
    try {
      return { opened: await openSealedText(content, pair, source), pair };
    } catch (error) {
      if (!isCurveKernelError(error, 'key-mismatch')) throw error;
      refusal = error;
    }
  }
  if (refusal !== undefined) throw refusal;
  throw new CurveKernelError('key-needed', 'There is no key pair of yours to open it with.', {
    hint: `Name the file of the pair with --key-file; pairs of "keygen --name" are in ${await ownKeysFolder()}.`,
  });
}

/** A file that is sealed to this key and is not a grant to it was made by hand, and no kernel would admit the key. */
function checkRecipient({ curve }: ConnectionInfo, { publicKey }: CurvePair, source: string): void {
  if (curve?.clientPublicKey !== undefined && samePublicKey(curve.clientPublicKey, publicKey)) return;
  throw new CurveKernelError('connection-file-invalid', `${source} is not a grant to the key that it was sealed to.`, {
    hint: 'Ask for it again, made with "jupyter-curve grant --key KEY --seal".',
    data: { file: source },
  });
}
