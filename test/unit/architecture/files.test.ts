/** File names, lengths, comments: the conventions of CONTRIBUTING.md that a machine can check. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repository } from '../../support/repository.js';
import { readSources } from '../../support/sources.js';

const sources = readSources();
const tracked = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' }).split('\n').filter(Boolean);

test('files are kebab-case and named for the one thing inside', () => {
  const vague = /(^|\/)(utils?|helpers?|types?|common|misc|shared)\.ts$/;
  const wrong = sources.filter(({ file }) => {
    const roomIndex = file.includes('/') && file.endsWith('/index.ts');
    return !/^([a-z0-9-]+\/)*[a-z0-9-]+(\.d)?\.ts$/.test(file) || vague.test(file) || roomIndex;
  });
  expect(wrong.map((source) => source.file)).toEqual([]);
});

test('no source file is longer than 350 lines', () => {
  expect(sources.filter((source) => source.lines > 350).map((source) => `${source.file}: ${source.lines}`)).toEqual([]);
});

test('every export says what it promises', () => {
  const wrong = sources.flatMap((source) => source.undocumented.map((name) => `${source.file}: ${name}`));
  expect(wrong).toEqual([]);
});

test('no test is switched off, and nothing is left for later in a comment', () => {
  const marks = /\b(test|it|describe)\.(only|todo)\b|\b(TODO|FIXME|XXX)\b/;
  const wrong = tracked.filter((file) => {
    if (!/^(src|test|bench|scripts)\/.*\.(ts|mjs|py)$/.test(file) || file.startsWith('test/unit/architecture/'))
      return false;
    return marks.test(readFileSync(join(repository, file), 'utf8'));
  });
  expect(wrong).toEqual([]);
});

describe('tests', () => {
  const suites = tracked.filter((file) => file.endsWith('.test.ts')).map((file) => file.split('/').slice(1));
  const rooms = new Set(sources.map(({ room }) => room).filter((room) => !room.endsWith('.ts')));

  test('are in the folder of their tier, and of the room of src/ that they test', () => {
    const elsewhere = ['architecture', 'docs', 'package', 'scripts'];
    const wrong = suites.filter(([tier = '', room = '', ...rest]) =>
      tier === 'unit' || tier === 'process'
        ? rest.length !== 1 || !(rooms.has(room) || elsewhere.includes(room))
        : !['interop', 'hostile', 'soak'].includes(tier) || rest.length > 0,
    );
    expect(wrong.map((parts) => parts.join('/'))).toEqual([]);
  });

  test('that need this Node alone are there for every room', () => {
    const tested = new Set(suites.filter(([tier]) => tier === 'unit').map(([, room]) => room));
    expect([...rooms].filter((room) => !tested.has(room))).toEqual([]);
  });
});

describe('the lock file', () => {
  const text = readFileSync(join(repository, 'package-lock.json'), 'utf8');

  test('names no registry host', () => {
    expect(text).not.toContain('"resolved"');
  });

  // A registry without other systems' binaries makes npm leave them out, and then `npm ci` fails everywhere.
  test('has every optional package, also those for other systems', () => {
    const lock: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(text);
    const wanted = Object.values(lock.packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
    const names = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });
});
