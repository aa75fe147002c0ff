import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import { checkIdentityName } from '../../access/grants/identity-name.js';
import { writeCertificateFiles } from '../../keys/certificate-file.js';
import { exposeZ85, generateCurvePair } from '../../keys/curve-pair.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { defineCommand } from '../command.js';
import { JSON_OPTION, text } from '../options/option.js';
import { printJson, printNote, printResult, printWarning } from '../output/output.js';
import { makeOwnKeysFolder } from '../own-keys.js';

/** `keygen`: a Curve key pair, as Z85 text or as certificate files that pyzmq's `zmq.auth` and CZMQ load. */
export const command = defineCommand({
  options: {
    name: text('Generate your own pair, store it, and print the public key'),
    out: text('Write certificate files BASE.key and BASE.key_secret, as zmq.auth does'),
    json: JSON_OPTION,
  },
  examples: [
    ['keygen --name alice', 'the public key is what "grant --key" takes'],
    ['keygen --out alice', 'alice.key is public; keep alice.key_secret'],
  ],
  run: async ({ name, out, json }) => {
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
  },
});

/** Prints the public key, to be sent to an owner of a kernel; the secret key goes into its file only. */
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
  const hint = 'Use --out BASE to write it to a file that only you can read.';
  if (process.stdout.isTTY) printWarning({ message: 'The secret key is shown on this terminal.', hint });
  else if (output.isFile() && (output.mode & 0o077) !== 0) {
    printWarning({ message: 'The secret key goes to a file that others can read.', hint });
  }
}
