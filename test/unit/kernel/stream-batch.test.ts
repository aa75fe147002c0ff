import { describe, expect, test } from '@jest/globals';
import { createStreamBatch, wholeLength } from '#src/kernel/stream-batch.js';
import type { CellContext } from '#src/kernel/language.js';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/kernel/kernel-client.js';
import { gate, OK, scripted, serve, FAILED } from '../../support/kernel/serve.js';

describe('stream text', () => {
  test('of ten thousand lines arrives whole, in order, before idle, in few messages', async () => {
    const { client } = await serve(
      scripted(async (_, cell) => {
        for (let n = 0; n < 10_000; n++) cell.stream('stdout', `line ${n}\n`);
        return OK;
      }),
    );
    const id = await client.execute('x');
    await client.idle(id);
    const texts = client.published(id).filter(({ header }) => header.msg_type === 'stream');
    const lines = texts.map(({ content }) => textOf(content['text'])).join('');
    expect(lines).toBe(Array.from({ length: 10_000 }, (_, n) => `line ${n}\n`).join(''));
    expect(texts.length).toBeLessThanOrEqual(10);
    expect(client.said(id).at(-1)).toBe('idle');
  });

  test('keeps its place among everything else that a cell shows', async () => {
    const { client } = await serve(
      scripted(async (_, cell) => {
        cell.stream('stdout', 'a');
        cell.stream('stdout', 'b');
        cell.stream('stderr', 'c');
        cell.display({ 'text/plain': 'd' }, { displayId: 'one' });
        cell.stream('stdout', 'e');
        cell.clearOutput(true);
        cell.stream('stdout', 'f');
        cell.display({ 'text/plain': 'g' }, { displayId: 'one', update: true, metadata: { m: 1 } });
        cell.stream('stdout', 'h');
        cell.publish('comm_msg', { comm_id: 'x', data: {} }, { buffers: [Uint8Array.of(1, 2)] });
        cell.stream('stderr', 'i');
        cell.result({ 'text/plain': 'j' });
        cell.stream('stdout', 'k');
        return FAILED;
      }),
    );
    const id = await client.execute('x');
    await client.idle(id);
    const shown = client.published(id).slice(2, -1);
    expect(shown.map(({ header, content }) => [header.msg_type, content])).toEqual([
      ['stream', { name: 'stdout', text: 'ab' }],
      ['stream', { name: 'stderr', text: 'c' }],
      ['display_data', { data: { 'text/plain': 'd' }, metadata: {}, transient: { display_id: 'one' } }],
      ['stream', { name: 'stdout', text: 'e' }],
      ['clear_output', { wait: true }],
      ['stream', { name: 'stdout', text: 'f' }],
      ['update_display_data', { data: { 'text/plain': 'g' }, metadata: { m: 1 }, transient: { display_id: 'one' } }],
      ['stream', { name: 'stdout', text: 'h' }],
      ['comm_msg', { comm_id: 'x', data: {} }],
      ['stream', { name: 'stderr', text: 'i' }],
      ['execute_result', { execution_count: 1, data: { 'text/plain': 'j' }, metadata: {} }],
      ['stream', { name: 'stdout', text: 'k' }],
      ['error', { ename: 'Oops', evalue: 'it broke', traceback: ['Oops: it broke'] }],
    ]);
    expect([...(shown[8]?.buffers[0] ?? [])]).toEqual([1, 2]);
  });

  test('is shown while the cell runs, without waiting for more', async () => {
    const end = gate();
    const { client } = await serve(
      scripted(async (_, cell) => {
        cell.stream('stdout', 'now');
        await end.passed;
        return OK;
      }),
    );
    const id = await client.execute('x');
    await client.find(({ message }) => message.content['text'] === 'now', 'the text');
    end.open();
    await client.idle(id);
  });

  test('that comes after the end of its cell is shown under that cell', async () => {
    const cells: CellContext[] = [];
    const { client } = await serve(
      scripted(async (_, cell) => {
        cells.push(cell);
        return OK;
      }),
    );
    const first = await client.execute('first');
    await client.idle(first);
    const second = await client.execute('second');
    await client.idle(second);
    cells[0]?.stream('stdout', 'late');
    cells[1]?.stream('stdout', 'also late');
    cells[0]?.display({ 'text/plain': 'picture' });
    cells[0]?.error({ ename: 'Late', evalue: 'from a timer', traceback: [] });
    await client.find(({ message }) => message.content['ename'] === 'Late', 'the late error');
    expect(client.said(first).slice(-4)).toEqual(['idle', 'stream', 'display_data', 'error']);
    expect(client.said(second).slice(-2)).toEqual(['idle', 'stream']);
  });

  test('given in halves of a character is put together again', async () => {
    const { client } = await serve(
      scripted(async ({ code }, cell) => {
        cell.stream('stdout', 'smile \ud83d');
        if (code === 'slow') await new Promise((resolve) => setTimeout(resolve, 40));
        cell.stream('stderr', 'between');
        cell.stream('stdout', '\ude00!');
        cell.stream('stdout', 'lonely \ud83d');
        return OK;
      }),
    );
    for (const code of ['fast', 'slow']) {
      const id = await client.execute(code);
      await client.idle(id);
      const of = (name: string): string =>
        client
          .published(id)
          .filter(({ content }) => content['name'] === name)
          .map(({ content }) => textOf(content['text']))
          .join('');
      expect(of('stdout')).toBe('smile 😀!lonely \ufffd'); // half a character that stays alone is all that is lost
      expect(of('stderr')).toBe('between');
    }
  });
});

const gather = (): { sent: string[]; batch: ReturnType<typeof createStreamBatch<string>> } => {
  const sent: string[] = [];
  return { sent, batch: createStreamBatch<string>((owner, name, text) => sent.push(`${owner} ${name} ${text}`)) };
};

describe('a batch', () => {
  test('is sent at once when it is full, and after its delay when it is not', async () => {
    const { sent, batch } = gather();
    const full = 'x'.repeat(64 * 1024 - 1);
    batch.write('a', 'stdout', full);
    expect(sent).toEqual([]);
    batch.write('a', 'stdout', 'y');
    expect(sent).toEqual([`a stdout ${full}y`]);
    batch.write('a', 'stdout', 'z');
    await eventually(() => sent.length >= 2);
    expect(sent[1]).toBe('a stdout z');
  });

  test('never holds text of two streams or owners, nor none at all', () => {
    const { sent, batch } = gather();
    batch.write('a', 'stdout', '');
    batch.flush();
    batch.write('a', 'stdout', '1');
    batch.write('b', 'stdout', '2');
    batch.write('b', 'stderr', '3');
    batch.flush();
    expect(sent).toEqual(['a stdout 1', 'b stdout 2', 'b stderr 3']);
  });

  test('cuts very long text into pieces, never inside a character', () => {
    const sent: string[] = [];
    const batch = createStreamBatch<undefined>((_, __, text) => sent.push(text));
    const text = `x${'😀'.repeat(1_500_000)}`;
    batch.write(undefined, 'stdout', text);
    expect(sent.join('') === text).toBe(true);
    expect(sent.length).toBeGreaterThan(2);
    for (const piece of sent) expect(Buffer.from(piece).toString() === piece).toBe(true);
  });

  test('knows where text ends in half a character', () => {
    expect(wholeLength('')).toBe(0);
    expect(wholeLength('ab')).toBe(2);
    expect(wholeLength('a\ud83d')).toBe(1);
    expect(wholeLength('a\ude00')).toBe(2);
  });
});
