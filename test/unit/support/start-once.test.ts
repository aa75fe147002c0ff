import { expect, jest, test } from '@jest/globals';
import { deferred } from '#src/support/deferred.js';
import { startOnce } from '#src/support/start-once.js';

test('startOnce shares one start, and starts again after a failure', async () => {
  const { promise, reject } = deferred<void>();
  const start = jest.fn<() => Promise<void>>();
  start.mockReturnValueOnce(promise).mockResolvedValue(undefined);
  const started = startOnce(start);
  const [first, second] = [started(), started()];
  reject(new Error('failed'));
  await expect(first).rejects.toThrow('failed');
  await expect(second).rejects.toThrow('failed');
  expect(start).toHaveBeenCalledTimes(1);
  await started();
  await started();
  expect(start).toHaveBeenCalledTimes(2);
});
