import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CurveKernelError } from '#src/errors.js';
import { encodeZ85 } from '#src/keys/z85.js';
import { parseAuthorizedClients } from '#src/access/grants/authorized-clients.js';

const keyOf = (seed: number): string => encodeZ85(new Uint8Array(32).fill(seed));
const [ALICE, BOB] = [keyOf(1), keyOf(2)];
/** Of the characters in which keys are written, those that mean something elsewhere. */
const ODD = '0#=:+'.repeat(4) + '@$[]{'.repeat(4);

function failure(text: string): CurveKernelError {
  try {
    parseAuthorizedClients(text, 'authorized_clients');
  } catch (error) {
    if (error instanceof CurveKernelError && error.code === 'authorized-clients-invalid') return error;
    throw error;
  }
  throw new Error('The file was accepted.');
}

describe('authorized_clients', () => {
  test('has a client per line: name, key, roles, options', () => {
    const text = [
      '# people',
      '',
      `alice ${ALICE} observer`,
      `  bob\t${BOB}  executor,grader   expires=2030-01-31 from=10.0.0.0/8,::1,local # his laptop`,
      `   # ${keyOf(9)}`,
      `alice ${keyOf(3)} executor expires=2030-01-31T12:00:00+02:00\r`,
      '',
    ].join('\n');
    expect(parseAuthorizedClients(text, 'f')).toEqual([
      { identity: 'alice', publicKey: ALICE, roles: ['observer'], line: 3 },
      {
        identity: 'bob',
        publicKey: BOB,
        roles: ['executor', 'grader'],
        expiresAt: '2030-01-31T00:00:00.000Z',
        from: ['10.0.0.0/8', '::1', 'local'],
        line: 4,
      },
      {
        identity: 'alice',
        publicKey: keyOf(3),
        roles: ['executor'],
        expiresAt: '2030-01-31T10:00:00.000Z',
        line: 6,
      },
    ]);
  });

  test('may hold nobody', () => {
    expect(parseAuthorizedClients('', 'f')).toEqual([]);
    expect(parseAuthorizedClients('\n # alice\n', 'f')).toEqual([]);
  });

  test('takes a key for a key, whatever characters it has', () => {
    expect(parseAuthorizedClients(`alice ${ODD} observer`, 'f')).toMatchObject([{ publicKey: ODD }]);
  });

  test.each([
    ['alice', 'it has 1 fields'],
    [`alice ${ALICE}`, 'it has 2 fields'],
    [`alice ${ALICE} # observer`, 'it has 2 fields'],
    [`${ALICE} alice observer`, 'the second field'],
    [`kernel ${ALICE} observer`, 'the first field'],
    [`../alice ${ALICE} observer`, 'the first field'],
    [`alice observer ${ALICE}`, 'the second field'],
    [`alice ${ALICE.slice(1)} observer`, 'the second field'],
    [`alice ${ALICE}x observer`, 'the second field'],
    [`alice ${ALICE} ${BOB}`, 'the third field'],
    [`alice ${ALICE} Observer`, 'the third field'],
    [`alice ${ALICE} deny`, 'the third field'],
    [`alice ${ALICE} observer,`, 'the third field'],
    [`alice ${ALICE} observer,observer`, 'names a role twice'],
    [`alice ${ALICE} observer ${BOB}`, 'neither expires= nor from='],
    [`alice ${ALICE} observer until=2030-01-31`, 'neither expires= nor from='],
    [`alice ${ALICE} observer expires=`, 'neither expires= nor from='],
    [`alice ${ALICE} observer expires=2030-01-31T00:00:00`, 'expires='],
    [`alice ${ALICE} observer expires=tomorrow`, 'expires='],
    [`alice ${ALICE} observer expires=2030-02-31`, 'expires='],
    [`alice ${ALICE} observer expires=2030-01-01 expires=2031-01-01`, 'expires= twice'],
    [`alice ${ALICE} observer from=10.0.0.0/33`, 'from='],
    [`alice ${ALICE} observer from=10.0.0.1,`, 'from='],
    [`alice ${ALICE} observer from=${BOB}`, 'from='],
    [`alice ${ALICE} observer\0`, 'the third field'],
    [`alice ${ALICE} observer #${'x'.repeat(2000)}`, 'more than 1024 characters'],
  ])('with one malformed line is refused as a whole: %j', (line, problem) => {
    const error = failure(`bob ${BOB} owner\n\n${line}\n`);
    expect(error.message).toContain(`authorized_clients, line 3: `);
    expect(error.message).toContain(problem);
    expect(error.data).toEqual({ file: 'authorized_clients', line: 3 });
    expect(error.hint).toMatch(/The file before it holds/);
    const printed = inspect(error, { depth: 9, showHidden: true });
    for (const key of [ALICE, ALICE.slice(1), BOB]) expect(printed).not.toContain(key);
  });

  test('gives one key to one line', () => {
    expect(failure(`alice ${ALICE} observer\nbob ${ALICE} owner`).message).toContain(
      'line 2: the key is that of line 1',
    );
  });

  test('is refused when it is too large', () => {
    expect(failure('#'.repeat(2 ** 20 + 1)).message).toContain('more than');
  });

  test('cannot make the parser throw anything else', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'alice',
        ALICE,
        BOB,
        'observer',
        'expires=2030-01-31',
        'from=::1',
        '#',
        '\n',
        '\r\n',
        '\t',
        ' ',
        'owner,',
      ),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          parseAuthorizedClients(words.join(' '), 'f');
        } catch (error) {
          expect(error).toHaveProperty('code', 'authorized-clients-invalid');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
