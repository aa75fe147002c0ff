import { getEventListeners } from 'node:events';
import { describe, expect, jest, test } from '@jest/globals';
import { onAbort, orAborted, whenAborted } from '#src/support/abort.js';

const reason = new Error('enough');
const never = new Promise<never>(() => undefined);
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  test('calls with the reason, once, and only while it listens', () => {
    const controller = new AbortController();
    const [heard, stopped] = [jest.fn(), jest.fn()];
    onAbort(controller.signal, heard);
    onAbort(controller.signal, stopped)();
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort(reason);
    expect(heard.mock.calls).toEqual([[reason]]);
    expect(stopped).not.toHaveBeenCalled();
    expect(listenersOf(controller.signal)).toBe(0);
  });

  test('calls at once where the signal is aborted already, and never without one', () => {
    const act = jest.fn();
    onAbort(AbortSignal.abort(reason), act);
    onAbort(undefined, act)();
    expect(act.mock.calls).toEqual([[reason]]);
  });
});

describe('orAborted', () => {
  test('gives the result of the work, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    await expect(orAborted(signal, Promise.resolve(1))).resolves.toBe(1);
    await expect(orAborted(signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(listenersOf(signal)).toBe(0);
  });

  test('rejects with the reason, before or while it waits, also before work that is done', async () => {
    const controller = new AbortController();
    const waiting = orAborted(controller.signal, never);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(orAborted(controller.signal, Promise.resolve(1))).rejects.toBe(reason);
  });
});

test('whenAborted resolves when the signal is aborted, and disposing takes its listener off', async () => {
  const controller = new AbortController();
  const aborted = whenAborted(controller.signal);
  whenAborted(controller.signal)[Symbol.dispose]();
  expect(listenersOf(controller.signal)).toBe(1);
  controller.abort();
  await expect(aborted.happened).resolves.toBe('aborted');
  await expect(whenAborted(controller.signal).happened).resolves.toBe('aborted');
  const without = whenAborted(undefined);
  await expect(Promise.race([without.happened, Promise.resolve('nothing')])).resolves.toBe('nothing');
});
