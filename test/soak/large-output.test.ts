import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseConnectionInfo } from '#src/connection/read-connection-file.js';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { eventually } from '../support/eventually.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';
import { freshConnection } from '../support/kernel/serve.js';

const run = promisify(execFile);
const MEGABYTE = 1e6;
/** What may wait for a client, by default. */
const QUEUED = 256 * 2 ** 20;

let folder = '';
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jc-output-'));
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(folder, { recursive: true, force: true });
});

test('a stock client that runs 300 cells and is then shown 3 MB five times sees all of it, and what follows', async () => {
  const html = 'display(html("x".repeat(3_000_000)))';
  const file = await start([join(repository, 'dist/cli/main.js'), 'kernel', '--connection-file']);
  const found = await read(file, [
    [300, '1+1'],
    [5, html],
    [1, '2+2'],
  ]);
  expect(found).toMatchObject({ idle: 306, replies: 306, bytes: 15 * MEGABYTE, told: [], late: 0 });
  expect(found.results).toEqual([...Array<string>(300).fill('2'), '4']);
}, 300_000);

test('ten thousand cells of which each hundredth shows a plot of 5 MB lose nothing', async () => {
  const file = await start([join(repository, 'test/support/kernel/programs/output-kernel.mjs')]);
  const hundred: [number, string][] = [
    [99, '{"small": 1}'],
    [1, `{"displays": 1, "bytes": ${5 * MEGABYTE}}`],
  ];
  const found = await read(file, Array.from({ length: 100 }, () => hundred).flat());
  expect(found).toMatchObject({ idle: 10_000, replies: 10_000, bytes: 500 * MEGABYTE, told: [], late: 0 });
  expect(found.counts).toMatchObject({ status: 20_000, execute_input: 10_000, comm_msg: 9_900, display_data: 100 });
}, 600_000);

test('of a gigabyte of output a slow client loses large output alone, is told how much, and the kernel stays small', async () => {
  const file = await start([join(repository, 'test/support/kernel/programs/output-kernel.mjs')]);
  const cell = `{"small": 500, "displays": 500, "bytes": ${MEGABYTE / 4}}`;
  const found = await read(file, [[8, cell]], 3);
  expect(found).toMatchObject({ idle: 8, replies: 8, late: 0 });
  expect(found.counts).toMatchObject({ status: 16, execute_input: 8, comm_msg: 4_000, execute_result: 8 });
  const lost = found.told.map((text) => Number(/(\d+) messages? of output/.exec(text)?.[1]));
  const sum = lost.reduce((all, count) => all + count, 0);
  expect(found.bytes / (MEGABYTE / 4) + sum).toBe(4_000);
  expect(sum).toBeGreaterThan(0);
  const memory = Math.max(...found.results.map(Number));
  console.log(
    `1 GB to a slow client: ${sum} of 4,000 displays lost, ${Math.round(memory / MEGABYTE)} MB of memory at most`,
  );
  expect(memory).toBeLessThan(QUEUED + 300 * MEGABYTE);
}, 600_000);

interface Found {
  readonly told: readonly string[];
  readonly results: readonly string[];
  readonly bytes: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs cells from a stock client, and returns what it found. */
async function read(
  file: string,
  cells: readonly (readonly [times: number, code: string])[],
  delay = 0,
): Promise<Found> {
  const program = join(repository, 'test/support/programs/reading_client.py');
  const { stdout } = await run(pythonPath(), [program, file, JSON.stringify(cells), String(delay)]);
  return JSON.parse(stdout);
}

/** Starts a kernel whose last argument is its connection file; resolves to that when its ports are in it. */
async function start(command: readonly string[]): Promise<string> {
  const file = join(folder, 'kernel.json');
  await writeConnectionFile(file, await freshConnection());
  // As the kernelspec starts it.
  const args = ['--max-semi-space-size=2', ...command, file];
  const kernel = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => kernel.on('close', resolve));
  ends.push(() => ended);
  ends.push(() => kernel.kill('SIGTERM'));
  await eventually(async () => {
    const { ports } = await parseConnectionInfo(await readFile(file, 'utf8'), file);
    return !Object.values(ports).includes(0);
  }, 'the kernel listens');
  return file;
}
