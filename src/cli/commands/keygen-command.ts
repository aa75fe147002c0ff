import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { checkIdentityName } from '../../access/grants/identity-name.js';
import { writeCertificateFiles } from '../../keys/certificate-file.js';
import { exposeZ85, generateCurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { printJson, printNote, printResult, printWarning } from '../output/output.js';
import { makeOwnKeysFolder } from '../own-keys.js';

interface KeygenArguments {
  readonly name: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
}

/** `keygen`: a Curve key pair, as Z85 text or as certificate files that pyzmq's `zmq.auth` and CZMQ load. */
export const keygenCommand: CommandModule<object, KeygenArguments> = {
  command: 'keygen',
  describe: 'Make a Curve key pair',
  builder: (yargs) =>
    yargs
      .option('name', {
        type: 'string',
        requiresArg: true,
        describe: 'Make your own pair, keep it, and print the public key',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Write BASE.key and BASE.key_secret, as zmq.auth does',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 keygen --name alice', 'a key to be granted access with')
      .example('$0 keygen --out alice', 'alice.key may be given away; alice.key_secret stays'),
  handler: keygen,
};

async function keygen({ name, out, json }: KeygenArguments): Promise<void> {
  if (name !== undefined) return keepOwnPair(checkIdentityName(name), out, json);
  const pair = await generateCurvePair();
  try {
    if (out === undefined) {
      warnIfExposed();
      const keys = { public: pair.publicKey, secret: exposeZ85(pair.secretKey) };
      if (json) printJson(keys);
      else printResult(`public: ${keys.public}\nsecret: ${keys.secret}`);
    } else {
      const files = await writeCertificateFiles(out, pair);
      if (json) printJson({ ...files, fingerprint: fingerprint(pair.publicKey) });
      else printResult(`${files.publicFile}\n${files.secretFile}`);
    }
  } finally {
    pair.secretKey.wipe();
  }
}

/** The public key goes to standard output, to be sent to who grants; the secret one nowhere but into its file. */
async function keepOwnPair(name: string, out: string | undefined, json: boolean): Promise<void> {
  const base = out ?? join(await makeOwnKeysFolder(), name);
  const { publicKey, secretKey } = await generateCurvePair();
  try {
    const files = await writeCertificateFiles(base, { publicKey, secretKey }, { name });
    if (json) return printJson({ name, public: publicKey, fingerprint: fingerprint(publicKey), ...files });
    printNote(`the secret key is in ${files.secretFile}; this is the public one:`);
    printResult(publicKey);
  } finally {
    secretKey.wipe();
  }
}

function warnIfExposed(): void {
  const output = fstatSync(1);
  const hint = 'use --out BASE to write it to a file that only you can read';
  if (process.stdout.isTTY) printWarning({ message: 'the secret key is shown on this terminal', hint });
  else if (output.isFile() && (output.mode & 0o077) !== 0) {
    printWarning({ message: 'the secret key goes to a file that others can read', hint });
  }
}
