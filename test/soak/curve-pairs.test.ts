import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { repository } from '../support/repository.js';

test('a Curve pair is never made twice: 10,000 pairs in 8 threads', async () => {
  const pairsPerThread = 1250;
  const threads = Array.from({ length: 8 }, () => makePairsInThread(pairsPerThread));
  const keys = (await Promise.all(threads)).flat();
  expect(keys).toHaveLength(10_000 * 2);
  expect(new Set(keys).size).toBe(10_000 * 2);
});

/** Public and secret keys, in Z85, that a thread of its own made. */
function makePairsInThread(count: number): Promise<string[]> {
  const worker = new Worker(join(repository, 'test/support/programs/make-pairs.mjs'), { workerData: count });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
