/**
 * A notebook cell looks for keys wherever its user can: in its memory, environment, descriptors and arguments, in those of the kernel as
 * far as the system lets it, and in the folders that Jupyter uses. It is given the keys in disguise, or it would find its own code.
 */
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import type { ConnectionInfo } from '#src/connection/connection-info.js';
import { exposeZ85, generateCurvePair } from '#src/keys/curve-pair.js';
import { decodeZ85 } from '#src/keys/z85.js';
import type { Message } from '#src/protocol/message.js';
import { eventually } from '../support/eventually.js';
import { textOf } from '../support/kernel/kernel-client.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { startLiveKernel, type LiveKernel } from '../support/kernel/live-kernel.js';

const onLinux = requireOrSkip('a Linux /proc', process.platform === 'linux');

/** What to look for, by what it is; as text, and keys also as bytes. */
type Needles = Readonly<Record<string, Uint8Array>>;

function needlesOf(whose: string, { key, curve }: ConnectionInfo): Needles {
  const secret = curve?.secretKey;
  return {
    [`${whose}: HMAC key`]: Buffer.from(key.exposeText()),
    // What reads, and what only the kernel should have: the public key of a shared pair is a key to the outputs (JEP 145).
    ...(curve === undefined ? {} : { [`${whose}: public key`]: Buffer.from(curve.publicKey) }),
    ...(secret === undefined
      ? {}
      : {
          [`${whose}: secret key`]: Buffer.from(exposeZ85(secret)),
          [`${whose}: secret key, bytes`]: decodeZ85(exposeZ85(secret)),
        }),
  };
}

/** Prints a line for each place where a needle is, and at last how much was looked through. */
function searchingCode(needles: Needles, folders: readonly string[]): string {
  const disguised = Object.entries(needles).map(([name, bytes]) => [name, [...bytes].map((byte) => byte ^ 0x5a)]);
  return `
const fs = await import('node:fs');
const path = await import('node:path');
const needles = ${JSON.stringify(disguised)};
// Found without being spelled out: the first eight bytes are compared masked, so that no copy of a needle comes to be in this memory.
const firsts = new Map();
for (const [name, bytes] of needles) {
  const first = (bytes[0] ^ 0x5a);
  firsts.set(first, [...(firsts.get(first) ?? []), { name, bytes }]);
}
let searched = 0;
const search = (place, haystack) => {
  searched += haystack.length;
  for (const [first, candidates] of firsts) {
    for (let at = haystack.indexOf(first); at >= 0; at = haystack.indexOf(first, at + 1)) {
      for (const { name, bytes } of candidates) {
        if (haystack[at + 1] !== (bytes[1] ^ 0x5a) || haystack[at + 2] !== (bytes[2] ^ 0x5a)) continue;
        let length = 3;
        while (length < bytes.length && haystack[at + length] === (bytes[length] ^ 0x5a)) length += 1;
        if (length === bytes.length) console.log('HIT ' + name + ' in ' + place);
      }
    }
  }
};
const tryFile = (file) => {
  try {
    search(file, fs.readFileSync(file));
  } catch {}
};
const tryMemory = (pid) => {
  let maps, memory;
  try {
    maps = fs.readFileSync('/proc/' + pid + '/maps', 'utf8');
    memory = fs.openSync('/proc/' + pid + '/mem', 'r');
  } catch {
    return console.log('CLOSED /proc/' + pid + '/mem');
  }
  const buffer = Buffer.alloc(1 << 20);
  for (const line of maps.split('\\n')) {
    const [, from, to, mode] = /^([0-9a-f]+)-([0-9a-f]+) (\\S+)/.exec(line) ?? [];
    if (from === undefined || !mode.startsWith('rw')) continue;
    const end = Number('0x' + to);
    // Pieces overlap by more than the longest needle.
    for (let at = Number('0x' + from); at < end; at += buffer.length - 256) {
      try {
        const length = fs.readSync(memory, buffer, 0, Math.min(buffer.length, end - at), at);
        search('memory of ' + pid, buffer.subarray(0, length));
      } catch {
        break;
      }
    }
  }
  fs.closeSync(memory);
};
// First of all: what is read below is in memory afterwards.
tryMemory('self');
for (const one of fs.readdirSync('/proc/self/fd')) {
  const link = '/proc/self/fd/' + one;
  try {
    if (fs.statSync(link).isFile()) tryFile(link);
  } catch {}
}
// Whoever runs as the same user, the kernel and its manager first of all.
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
  for (const name of ['environ', 'cmdline']) tryFile('/proc/' + pid + '/' + name);
}
search('process.env', Buffer.from(JSON.stringify(process.env)));
const walk = (folder) => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(place);
    else if (entry.isFile()) tryFile(place);
  }
};
for (const folder of ${JSON.stringify(folders)}) {
  try {
    walk(folder);
  } catch {}
}
console.log('SEARCHED ' + searched);`;
}

interface Found {
  readonly hits: readonly string[];
  readonly searched: number;
}

async function search(live: LiveKernel, needles: Needles): Promise<Found> {
  const client = await live.connect();
  const { env, folder, runtime } = live.environment;
  // Everything of this installation lies below its folder, also what TMPDIR says.
  const folders = [runtime, env['JUPYTER_DATA_DIR'] ?? '', folder];
  const id = await client.execute(searchingCode(needles, folders));
  const { content } = await client.reply(id);
  expect(content).toMatchObject({ status: 'ok' });
  await client.idle(id);
  const text = client
    .published(id)
    .filter(({ header }: Message) => header.msg_type === 'stream')
    .map((one) => textOf(one.content['text']))
    .join('');
  const lines = text.split('\n');
  return {
    hits: [...new Set(lines.filter((one) => one.startsWith('HIT ')).map((one) => one.slice(4)))].toSorted(),
    searched: Number(/SEARCHED (\d+)/.exec(text)?.[1]),
  };
}

/** A client of each kind: with a pair that the kernel made, with its own, and one that authorized_clients lists. */
async function letIn(live: LiveKernel): Promise<Needles> {
  const made = await live.grant('alice', ['observer']);
  const own = await generateCurvePair();
  const ownConnection = await live.grant('bob', ['executor'], { publicKey: own.publicKey });
  const alice = await live.connect(made);
  await alice.ask('kernel_info_request');
  const bob = await live.connect(ownConnection, { pair: own });
  await bob.ask('execute_request', { code: "console.log('hello'); await import('node:os')" });
  return {
    ...needlesOf('alice', made),
    ...needlesOf('bob', { ...ownConnection, curve: { publicKey: own.publicKey, secretKey: own.secretKey } }),
    "bob: the kernel's key for him": Buffer.from(ownConnection.curve?.publicKey ?? ''),
  };
}

describe('from a cell, the keys of the kernel and of all its clients', () => {
  onLinux(
    'are nowhere when the secret came by environment, but for what is no secret in the owner’s file',
    async () => {
      await using live = await startLiveKernel({ secretBy: 'environment' });
      const others = await letIn(live);
      const { hits, searched } = await search(live, { ...others, ...needlesOf('owner', live.kernel.connection) });
      // Its file has what is no secret of CURVE, and opens nothing without it: a peer needs the secret key on every channel.
      const file = live.kernel.connectionFile;
      expect(hits).toEqual([`owner: HMAC key in ${file}`, `owner: public key in ${file}`]);
      expect(searched).toBeGreaterThan(20_000_000);
    },
  );

  onLinux('are in the owner’s own connection file and nowhere else with a shared pair', async () => {
    await using live = await startLiveKernel();
    const needles = { ...(await letIn(live)), ...needlesOf('owner', live.kernel.connection) };
    const { hits } = await search(live, needles);
    const file = live.kernel.connectionFile;
    expect(hits).toEqual(
      ['HMAC key', 'public key', 'secret key'].map((what) => `owner: ${what} in ${file}`).toSorted(),
    );
  });

  onLinux('are not in what a kernel leaves behind when it is killed, and not in that of its manager', async () => {
    await using live = await startLiveKernel({ secretBy: 'environment' });
    const { curve } = live.kernel.connection;
    const needles = {
      ...(await letIn(live)),
      ...(curve?.secretKey ? { 'owner: secret key': Buffer.from(exposeZ85(curve.secretKey)) } : {}),
    };
    const pid = live.kernel.pid ?? 0;
    const again = new Promise<void>((resolve) => live.kernel.on('restarted', () => resolve()));
    process.kill(pid, 'SIGKILL');
    await again;
    await eventually(() => live.kernel.pid !== pid, 'another process');
    await live.reopen();
    const { hits } = await search(live, needles);
    expect(hits).toEqual([]);
  });

  onLinux('the search finds what is there', async () => {
    await using live = await startLiveKernel();
    const word = `needle-${'x'.repeat(8)}-${process.pid}`;
    await live.writeData('note.txt', `there is a ${word} here`);
    const client = await live.connect();
    // Made at run time, so that it is in memory and in no code; and large, since V8 moves what is small about while it is looked for.
    const disguised = JSON.stringify([...Buffer.from(word)].map((byte) => byte ^ 0x5a));
    await client.ask('execute_request', {
      code: `globalThis.kept = Buffer.alloc(65536); ${disguised}.forEach((byte, at) => (kept[at] = byte ^ 0x5a));`,
    });
    const { hits } = await search(live, { word: Buffer.from(word) });
    expect(hits).toEqual(
      [
        'word in memory of self',
        `word in ${join(live.environment.env['JUPYTER_DATA_DIR'] ?? '', 'note.txt')}`,
      ].toSorted(),
    );
  });
});
