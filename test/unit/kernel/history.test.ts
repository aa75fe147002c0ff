import { describe, expect, test } from '@jest/globals';
import { createHistory, type HistoryLine } from '#src/kernel/history.js';
import { compileGlobSearch, MAX_PATTERN } from '#src/kernel/glob-search.js';
import type { JsonObject } from '#src/protocol/message.js';
import { FAILED, OK, scripted, serve } from '../../support/kernel/serve.js';

const filled = (...sources: string[]): ((content: JsonObject) => Promise<readonly HistoryLine[]>) => {
  const history = createHistory();
  for (const source of sources) history.record(source);
  history.setOutput(2, { text: 'two', msgType: 'execute_result', identity: 'ada', metadata: {} });
  return async (content) => {
    const asker = { identity: 'ada', maySee: () => true };
    return (await history.answer({ output: false, raw: true, ...content }, asker)).history;
  };
};

describe('history', () => {
  const ask = filled('a = 1', 'b = 2', 'a = 1', 'print(a)');
  const lines = async (content: JsonObject): Promise<unknown> =>
    (await ask({ hist_access_type: 'range', ...content })).map(([, line]) => line);
  const search = async (content: JsonObject): Promise<unknown> => ask({ hist_access_type: 'search', ...content });

  test('by tail is the last lines, oldest first', async () => {
    expect(await ask({ hist_access_type: 'tail', n: 2 })).toEqual([
      [1, 3, 'a = 1'],
      [1, 4, 'print(a)'],
    ]);
    expect(await ask({ hist_access_type: 'tail', n: 99 })).toHaveLength(4);
    expect(await ask({ hist_access_type: 'tail' })).toHaveLength(4);
    expect(await ask({ hist_access_type: 'tail', n: 0 })).toEqual([]);
  });

  test('by range is from start until before stop, of this session only', async () => {
    expect(await lines({ session: 1, start: 2, stop: 3 })).toEqual([2]);
    expect(await lines({ session: 0, start: 3 })).toEqual([3, 4]);
    expect(await lines({})).toEqual([1, 2, 3, 4]);
    expect(await lines({ start: -2, stop: null })).toEqual([3, 4]);
    expect(await lines({ start: 1, stop: -1 })).toEqual([1, 2, 3]);
    expect(await lines({ session: 7 })).toEqual([]);
    expect(await lines({ session: -1 })).toEqual([]);
  });

  test('by search is what fits a pattern; once each, and the latest, when asked so', async () => {
    expect(await search({ pattern: 'a*' })).toEqual([
      [1, 1, 'a = 1'],
      [1, 3, 'a = 1'],
    ]);
    expect(await search({ pattern: 'a*', unique: true })).toEqual([[1, 3, 'a = 1']]);
    expect(await search({ pattern: '? = ?', n: 1 })).toEqual([[1, 3, 'a = 1']]);
    expect(await search({ pattern: 'nothing' })).toEqual([]);
    expect(await search({})).toHaveLength(4);
  });

  test('has outputs where they are asked for, null for lines without', async () => {
    expect(await ask({ hist_access_type: 'tail', n: 3, output: true })).toEqual([
      [1, 2, ['b = 2', 'two']],
      [1, 3, ['a = 1', '']],
      [1, 4, ['print(a)', '']],
    ]);
  });

  test('of an unknown kind is empty, and of no kind an error', async () => {
    expect(await ask({ hist_access_type: 'other' })).toEqual([]);
    await expect(ask({})).rejects.toThrow(/hist_access_type/);
  });
});

const random = (below: number): number => Math.floor(Math.random() * below);
const word = (letters: string, length: number): string =>
  Array.from({ length }, () => letters[random(letters.length)]).join('');

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
  ])('%j and %j: %j', async (pattern, text, fits) => {
    expect(await compileGlobSearch(pattern)(text)).toBe(fits);
  });

  test('matches what a regular expression made from it does, at every length of a machine word', async () => {
    let found = 0;
    for (let n = 0; n < 3_000; n++) {
      const text = word('abé', random(80));
      const edited = Array.from(text, (one) => (random(12) > 0 ? one : ['*', '?', 'a', '**'][random(4)])).join('');
      const pattern = random(2) === 0 ? edited : word('ab*?é', random(70));
      // More stars would take a regular expression for ever.
      if (pattern.split('*').length > 5) continue;
      const expression = new RegExp(`^${pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`);
      const fits = expression.test(text);
      expect([pattern, text, await compileGlobSearch(pattern)(text)]).toEqual([pattern, text, fits]);
      if (fits) found++;
    }
    expect(found).toBeGreaterThan(100);
    const longest = 'a'.repeat(MAX_PATTERN);
    expect(await compileGlobSearch(longest)(longest)).toBe(true);
    expect(await compileGlobSearch(longest)(longest.slice(1))).toBe(false);
    expect(() => compileGlobSearch(`${longest}a`)).toThrow(/at most 512 characters, and has 513/);
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
