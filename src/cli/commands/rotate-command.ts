import { checkReplaceable } from '../../keys/write-private-file.js';
import { definedOnly } from '../../support/defined-only.js';
import { defineCommand } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { checkSeal, KEY_TARGET_OPTIONS, parseDurationOption } from '../options/grant-options.js';
import { readKeyArgument } from '../options/key-argument.js';
import { argument, text } from '../options/option.js';
import { deliverOrRevoke, writeGrant } from '../output/grant-files.js';
import { printJson, printNote, printResult } from '../output/output.js';

/** `rotate`: replaces the key of an identity; the old key is valid until the overlap is over. */
export const command = defineCommand({
  arguments: { name: argument('The identity') },
  options: {
    ...EXISTING_OPTIONS,
    ...KEY_TARGET_OPTIONS,
    overlap: text('Time for which the old key stays valid, such as 5m [default: 30s]'),
  },
  check: (values) => checkSeal(values, 'rotate'),
  run: async ({ name, overlap, key, seal, out, json, ...kernel }) => {
    const publicKey = key === undefined ? undefined : await readKeyArgument(key);
    const rotation = definedOnly({ overlap: parseDurationOption('--overlap', overlap, 'rotate'), publicKey });
    // Checked first: once there is a new key the old ones end, and that cannot be undone.
    await checkReplaceable(out, 'connection-file');
    const { grant } = await withAccess(kernel, async (access) =>
      deliverOrRevoke(access, await access.rotate(name, rotation), (connection) =>
        writeGrant(out, connection, seal ? publicKey : undefined),
      ),
    );
    if (json) return printJson({ grant, files: [out] });
    printNote(
      `${grant.name} now has the key ${grant.fingerprint}; the old key is valid for another ${overlap ?? '30s'}`,
    );
    printResult(out);
  },
});
