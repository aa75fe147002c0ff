import { describe, expect, test } from '@jest/globals';
import { createHistory, type HistoryLine } from '#src/kernel/history.js';
import { globMatches } from '#src/kernel/glob-matches.js';
import type { JsonObject } from '#src/protocol/message.js';
import { FAILED, OK, scripted, serve } from './serve.js';

const filled = (...sources: string[]): ((content: JsonObject) => readonly HistoryLine[]) => {
  const history = createHistory();
  for (const source of sources) history.record(source);
  history.setOutput(2, { text: 'two', msgType: 'execute_result', identity: 'ada', metadata: {} });
  return (content) => history.answer({ output: false, raw: true, ...content }, () => true).history;
};

describe('history', () => {
  const ask = filled('a = 1', 'b = 2', 'a = 1', 'print(a)');
  const lines = (content: JsonObject): unknown =>
    ask({ hist_access_type: 'range', ...content }).map(([, line]) => line);
  const search = (content: JsonObject): unknown => ask({ hist_access_type: 'search', ...content });

  test('by tail is the last lines, oldest first', () => {
    expect(ask({ hist_access_type: 'tail', n: 2 })).toEqual([
      [1, 3, 'a = 1'],
      [1, 4, 'print(a)'],
    ]);
    expect(ask({ hist_access_type: 'tail', n: 99 })).toHaveLength(4);
    expect(ask({ hist_access_type: 'tail' })).toHaveLength(4);
    expect(ask({ hist_access_type: 'tail', n: 0 })).toEqual([]);
  });

  test('by range is from start until before stop, of this session only', () => {
    expect(lines({ session: 1, start: 2, stop: 3 })).toEqual([2]);
    expect(lines({ session: 0, start: 3 })).toEqual([3, 4]);
    expect(lines({})).toEqual([1, 2, 3, 4]);
    expect(lines({ start: -2, stop: null })).toEqual([3, 4]);
    expect(lines({ start: 1, stop: -1 })).toEqual([1, 2, 3]);
    expect(lines({ session: 7 })).toEqual([]);
    expect(lines({ session: -1 })).toEqual([]);
  });

  test('by search is what fits a pattern; once each, and the latest, when asked so', () => {
    expect(search({ pattern: 'a*' })).toEqual([
      [1, 1, 'a = 1'],
      [1, 3, 'a = 1'],
    ]);
    expect(search({ pattern: 'a*', unique: true })).toEqual([[1, 3, 'a = 1']]);
    expect(search({ pattern: '? = ?', n: 1 })).toEqual([[1, 3, 'a = 1']]);
    expect(search({ pattern: 'nothing' })).toEqual([]);
    expect(search({})).toHaveLength(4);
  });

  test('has outputs where they are asked for, null for lines without', () => {
    expect(ask({ hist_access_type: 'tail', n: 3, output: true })).toEqual([
      [1, 2, ['b = 2', 'two']],
      [1, 3, ['a = 1', '']],
      [1, 4, ['print(a)', '']],
    ]);
  });

  test('of an unknown kind is empty, and of no kind an error', () => {
    expect(ask({ hist_access_type: 'other' })).toEqual([]);
    expect(() => ask({})).toThrow(/hist_access_type/);
  });
});

describe('a pattern', () => {
  test.each([
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*b*', 'abc', true],
    ['a*b*c', 'a\nbxbc', true],
    ['a*b*c', 'a\nbxb', false],
    ['**a', 'bca', true],
    ['[a]', '[a]', true],
    ['.', 'a', false],
  ])('%j and %j: %j', (pattern, text, fits) => {
    expect(globMatches(pattern, text)).toBe(fits);
  });

  test('made to be slow is not', () => {
    expect(globMatches('*a'.repeat(20) + '*b', 'a'.repeat(20_000))).toBe(false);
  });
});

describe('history_request', () => {
  test('knows what was stored, with results, and not what was silent or not stored', async () => {
    const { client } = await serve(
      scripted(async ({ code }, cell) => {
        if (code === 'bad') return FAILED;
        cell.result({ 'text/plain': `<${code}>`, 'text/html': '<b>' });
        return OK;
      }),
    );
    await client.ask('execute_request', { code: 'one' });
    await client.ask('execute_request', { code: 'hidden', silent: true });
    await client.ask('execute_request', { code: 'unstored', store_history: false });
    await client.ask('execute_request', { code: 'bad' });
    const reply = await client.ask('history_request', { hist_access_type: 'tail', n: 10, output: true, raw: true });
    expect(reply).toEqual({
      status: 'ok',
      history: [
        [1, 1, ['one', '<one>']],
        [1, 2, ['bad', '']],
      ],
    });
    expect(await client.ask('history_request', {})).toMatchObject({ status: 'error', ename: 'MessageMalformed' });
  });
});
