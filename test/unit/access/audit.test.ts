import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { appendAudit, type AuditTip, endAudit, startAudit, tipOf, verifyAudit } from '#src/access/audit/audit-chain.js';
import { createAuditCollapse } from '#src/access/audit/audit-collapse.js';
import { type AuditRecord, createAuditRecord } from '#src/access/audit/audit-record.js';

const TIME = '2030-01-01T00:00:00.000Z';
const moment = { kernel: 'k-1', time: TIME };
const deny: AuditRecord = {
  time: TIME,
  kernel: 'k-1',
  event: 'deny',
  identity: 'bob',
  fingerprint: 'SHA256:abcdefghijklmnop',
  address: '10.0.0.7',
  channel: 'shell',
  type: 'execute_request',
  verdict: 'refused',
  rule: 'no rule',
};

function auditOf(records: readonly AuditRecord[], tip?: AuditTip): string[] {
  const start = startAudit(moment, tip);
  const lines = [start];
  for (const record of records) lines.push(appendAudit(lines.at(-1)?.tip ?? start.tip, record));
  lines.push(endAudit(lines.at(-1)?.tip ?? start.tip, moment));
  return lines.map((line) => line.text);
}

const COUNT = 6;
const lines = auditOf(Array.from({ length: COUNT }, (_, i) => ({ ...deny, identity: `bob-${i}` })));
const tip = tipOf(lines.at(-1) ?? '');

describe('an audit record', () => {
  test('has known fields and no others', () => {
    const facts = { ...deny, code: 'print(1)', content: { secret: 1 }, count: 1 };
    expect(createAuditRecord(facts)).toEqual(deny);
    expect(Object.keys(createAuditRecord({ ...deny, count: 7 }))).toEqual([...Object.keys(deny), 'count']);
  });

  test('is short, whatever a client calls itself or sends', () => {
    const long = 'x\u001b[31m\n'.repeat(10_000);
    const record = createAuditRecord({ ...deny, identity: long, address: long, type: long, rule: long, kernel: long });
    expect(JSON.stringify(record).length).toBeLessThan(2000);
    expect(record.type).toMatch(/^[\w.?-]{63}…$/);
  });

  test('has the name of a topic as it is, and of message types what a terminal bears', () => {
    expect(createAuditRecord({ ...deny, event: 'topic', type: 'comm:bank Größe' }).type).toBe('comm:bank Größe');
    expect(createAuditRecord({ ...deny, type: 'comm:bank\u202e' }).type).toBe('comm?bank?');
  });

  test.each([
    { fingerprint: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' },
    { fingerprint: 'SHA256:short' },
    { channel: 'secret' },
    { time: 'yesterday' },
    { event: 'whatever' },
  ])('is not made of %j', (facts) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type forbids it; the program checks it as well
    expect(() => createAuditRecord({ ...deny, ...facts } as AuditRecord)).toThrow(TypeError);
  });

  test('is a line of ASCII control-free JSON, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: line } = appendAudit(tip, { ...deny, identity: text, rule: text, address: text, type: text });
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e]/u);
        expect(JSON.parse(line)).toMatchObject({ event: 'deny', seq: tip.seq + 1 });
      }),
    );
  });
});

describe('an audit', () => {
  test('begins with kernel and format, numbers and chains its lines, and ends', () => {
    const parsed = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(parsed[0]).toMatchObject({ seq: 0, event: 'start', format: 'jupyter-curve-audit/1', kernel: 'k-1' });
    expect(parsed[1]).toMatchObject({ ...deny, identity: 'bob-0', seq: 1, prev: parsed[0]?.['hash'] });
    expect(parsed.at(-1)).toMatchObject({ seq: COUNT + 1, event: 'end' });
    expect(verifyAudit(lines)).toEqual({ ok: true, closed: true, lines: COUNT + 2 });
    expect(verifyAudit(lines, tip)).toMatchObject({ ok: true });
  });

  test('can be checked with nothing but SHA-256', () => {
    for (const line of lines) {
      const [body, hash] = line.split(',"hash":"');
      expect(
        `${createHash('sha256')
          .update(body ?? '')
          .digest('hex')}"}`,
      ).toBe(hash);
    }
  });

  test('shows any line that was edited, also the last', () => {
    for (const [index, line] of lines.entries()) {
      for (let at = 0; at < line.length; at += 7) {
        const edited = `${line.slice(0, at)}${line[at] === 'x' ? 'y' : 'x'}${line.slice(at + 1)}`;
        expect(verifyAudit(lines.with(index, edited))).toMatchObject({ ok: false, problem: { line: index + 1 } });
      }
    }
  });

  test('shows a line that was deleted, repeated, added or moved', () => {
    for (let index = 0; index < lines.length - 1; index++) {
      expect(verifyAudit(lines.toSpliced(index, 1))).toMatchObject({ ok: false, problem: { line: index + 1 } });
      expect(verifyAudit(lines.toSpliced(index, 0, lines[index] ?? ''))).toMatchObject({ ok: false });
      expect(verifyAudit(lines.toSpliced(index, 2, lines[index + 1] ?? '', lines[index] ?? ''))).toMatchObject({
        ok: false,
      });
      const forged = appendAudit(tipOf(lines[index] ?? ''), { ...deny, identity: 'nobody' }).text;
      const problem = { line: index + 3, what: expect.any(String) };
      expect(verifyAudit(lines.toSpliced(index + 1, 0, forged))).toEqual({
        ok: false,
        problem,
        closed: false,
        lines: index + 2,
      });
    }
    const [foreign = ''] = auditOf([]).slice(-1);
    expect(verifyAudit([...lines, foreign])).toMatchObject({ ok: false });
    expect(verifyAudit([...lines, appendAudit(tip, deny).text])).toMatchObject({ ok: false });
  });

  test('shows that its end is missing, and with a tip that lines are', () => {
    for (let length = 1; length < lines.length; length++) {
      expect(verifyAudit(lines.slice(0, length))).toEqual({ ok: true, closed: false, lines: length });
      expect(verifyAudit(lines.slice(0, length), tip)).toMatchObject({ ok: false, problem: { line: length + 1 } });
      const half = lines[length]?.slice(0, 40) ?? '';
      expect(verifyAudit([...lines.slice(0, length), half])).toMatchObject({
        ok: false,
        problem: { line: length + 1 },
      });
    }
    expect(verifyAudit([])).toMatchObject({ ok: false, closed: false });
  });

  test('that was written anew by somebody else is found out by a tip', () => {
    const anew = auditOf(Array.from({ length: COUNT }, () => ({ ...deny, identity: 'innocent' })));
    expect(verifyAudit(anew)).toMatchObject({ ok: true });
    expect(verifyAudit(anew, tip)).toMatchObject({ ok: false, problem: { line: COUNT + 2 } });
  });

  test('goes on in the same file with a further run, and remembers a run that did not end', () => {
    const further = auditOf([deny], tip);
    expect(verifyAudit([...lines, ...further])).toEqual({ ok: true, closed: true, lines: COUNT + 5 });
    const cut = lines.slice(0, -2);
    expect(verifyAudit([...cut, ...auditOf([deny], tipOf(cut.at(-1) ?? ''))])).toMatchObject({
      ok: true,
      closed: false,
    });
    for (const broken of ['', '{}', lines[0]?.slice(0, 30) ?? '', (lines[0] ?? '').replace('k-1', 'k-2')]) {
      expect(() => tipOf(broken)).toThrow(expect.objectContaining({ code: 'audit-broken' }));
    }
  });

  test('of anything at all is judged without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...lines))), (any) => {
        const report = verifyAudit(any);
        expect(report.ok).toBe(report.problem === undefined);
      }),
    );
  });
});

const NOW = '2031-01-01T00:00:00.000Z';

describe('a flood', () => {
  test('of like records is the first of them, and a count when the window has ended', () => {
    const collapse = createAuditCollapse(1000);
    expect(collapse.add(deny, 0)).toEqual([deny]);
    for (let at = 1; at <= 500; at++)
      expect(collapse.add({ ...deny, time: '2030-01-01T00:00:01.000Z' }, at)).toEqual([]);
    expect(collapse.flush(999, NOW)).toEqual([]);
    expect(collapse.flush(1000, NOW)).toEqual([{ ...deny, time: NOW, count: 500 }]);
    // What goes on is counted, without its first once more; what has stopped for a window begins anew.
    expect(collapse.add(deny, 1500)).toEqual([]);
    expect(collapse.flush(2000, NOW)).toEqual([{ ...deny, time: NOW, count: 1 }]);
    expect(collapse.flush(3000, NOW)).toEqual([]);
    expect(collapse.add(deny, 3001)).toEqual([deny]);
  });

  test('that has not been counted is, when the audit ends', () => {
    const collapse = createAuditCollapse();
    for (let at = 0; at < 10; at++) collapse.add(deny, at);
    expect(collapse.flush(Infinity, NOW)).toEqual([{ ...deny, time: NOW, count: 9 }]);
    expect(collapse.flush(Infinity, NOW)).toEqual([]);
  });

  test('of records that differ in what matters is told apart', () => {
    const collapse = createAuditCollapse();
    const others = [
      { identity: 'eve' },
      { address: '10.0.0.8' },
      { channel: 'control' },
      { channels: ['shell', 'iopub'] },
      { type: 'comm_open' },
      { rule: 'x' },
    ];
    expect(collapse.add(deny, 0)).toHaveLength(1);
    for (const other of others) expect(collapse.add({ ...deny, ...other }, 0)).toHaveLength(1);
    expect(collapse.add({ ...deny, event: 'refuse' }, 0)).toHaveLength(1);
  });

  test('with many keys names none of them in its count', () => {
    const collapse = createAuditCollapse();
    for (const key of 'abc') collapse.add({ ...deny, fingerprint: `SHA256:${key.repeat(16)}` }, 0);
    const [count] = collapse.flush(Infinity, NOW);
    expect(count).toMatchObject({ count: 2 });
    expect(count).not.toHaveProperty('fingerprint');
  });

  test('leaves out nothing that somebody with a right did', () => {
    const collapse = createAuditCollapse();
    for (const event of ['grant', 'revoke', 'rotate', 'role', 'topic', 'policy', 'admin'] as const) {
      for (let at = 0; at < 100; at++) expect(collapse.add({ ...deny, event }, at)).toHaveLength(1);
    }
  });

  test('of 100,000 records, each of another kind, is some hundred lines, and all are counted', () => {
    const collapse = createAuditCollapse(1000, 100);
    const written: AuditRecord[] = [];
    for (let at = 0; at < 100_000; at++) {
      written.push(...collapse.add({ ...deny, type: `type_${at}`, address: `10.0.${at % 256}.1` }, at / 100));
    }
    written.push(...collapse.flush(Infinity, NOW));
    expect(written.length).toBeLessThan(210);
    expect(written.reduce((sum, record) => sum + (record.count ?? 1), 0)).toBe(100_000);
  });

  test('of any shape loses no record and lets no window through with more than its share', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.nat(400));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const collapse = createAuditCollapse(1000, 3);
        const written: { at: number; record: AuditRecord }[] = [];
        let now = 0;
        for (const [type, pause] of steps) {
          now += pause;
          written.push(...collapse.add({ ...deny, type }, now).map((record) => ({ at: now, record })));
        }
        for (const { at } of written) {
          expect(written.filter((other) => other.at >= at && other.at < at + 1000).length).toBeLessThanOrEqual(
            2 * (3 + 1),
          );
        }
        written.push(...collapse.flush(Infinity, NOW).map((record) => ({ at: Infinity, record })));
        expect(written.reduce((sum, { record }) => sum + (record.count ?? 1), 0)).toBe(steps.length);
      }),
    );
  });
});
