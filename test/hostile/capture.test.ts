/** What a sniffer sees: everything in plain text, nothing under CURVE. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../support/kernel/jupyter-environment.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';

const run = promisify(execFile);
const canCapture =
  spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0 &&
  spawnSync('tcpdump', ['--version']).status === 0;
const test = requireOrSkip('a network namespace and tcpdump', canCapture);

/** The kinds of content of a session, as marked_session.py and marked-session.mjs mark them. */
const kinds = ['code', 'stdout', 'prompt', 'stdin', 'display', 'result'];

let environment: JupyterEnvironment;
beforeEach(async () => {
  environment = await createJupyterEnvironment();
});
afterEach(() => environment.dispose());

/** How often each kind's mark crossed the wire, and the size of the capture in bytes. */
async function captured(
  command: readonly string[],
  mark: string,
): Promise<{ counts: Record<string, number>; bytes: number }> {
  const file = join(environment.folder, `${mark}.pcap`);
  const lossless = /\n0 packets dropped by kernel/;
  // On a busy machine the capture may lose packets: a session that was not seen whole is captured again.
  let log = await capture(file, command);
  if (!lossless.test(log)) log = await capture(file, command);
  expect(log).toMatch(lossless);
  const packets = await readFile(file);
  const counts = Object.fromEntries(kinds.map((kind) => [kind, occurrences(packets, `${mark}-${kind}`)]));
  return { counts, bytes: packets.length };
}

/** Runs the command, and returns what the sniffer said. */
async function capture(file: string, command: readonly string[]): Promise<string> {
  await run('unshare', ['--net', join(repository, 'test/support/programs/capture.sh'), file, ...command], {
    env: environment.env,
    cwd: environment.folder,
  });
  return await readFile(`${file}.log`, 'utf8');
}

function occurrences(bytes: Buffer, text: string): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) count += 1;
  return count;
}

const newMark = (): string => `m${randomBytes(6).toString('hex')}`;

const none = Object.fromEntries(kinds.map((kind) => [kind, 0]));
const some = Object.fromEntries(kinds.map((kind) => [kind, expect.any(Number)]));

const drivers = {
  jupyter_client: (kernel: string, policy: string, mark: string) => [
    pythonPath(),
    join(repository, 'test/support/programs/marked_session.py'),
    kernel,
    policy,
    mark,
  ],
  'our manager': (kernel: string, policy: string, mark: string) => [
    process.execPath,
    join(repository, 'test/support/programs/marked-session.mjs'),
    kernel,
    policy,
    mark,
  ],
};

describe.each(Object.entries(drivers))('%s', (_, command) => {
  test.each(['typescript', 'python3'])('shows a sniffer nothing of a session with the %s kernel', async (kernel) => {
    const control = newMark();
    const open = await captured(command(kernel, 'disabled', control), control);
    expect(open.counts).toEqual(some);
    expect(Math.min(...Object.values(open.counts))).toBeGreaterThan(0);

    const secret = newMark();
    const sealed = await captured(command(kernel, 'required', secret), secret);
    expect(sealed.counts).toEqual(none);
    // The same traffic was there to be seen.
    expect(sealed.bytes).toBeGreaterThan(open.bytes / 2);
    expect(await waitForNothingLeft(environment)).toEqual([]);
  });
});
