/** The rooms and their arrows, as drawn in CONTRIBUTING.md. A new arrow is a decision: change both, or neither. */
import { describe, expect, test } from '@jest/globals';
import { readSources } from '../../support/sources.js';

const base = ['errors.ts', 'support', 'keys', 'protocol'];
const files = [...base, 'connection', 'access'];
const sockets = [...files, 'transport'];
const everything = [...sockets, 'launch', 'server', 'kernel', 'typescript', 'relay', 'diagnose', 'manager', 'notebook'];

/** What each room may import from, itself aside. */
const upstream: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  support: ['errors.ts'],
  keys: ['errors.ts', 'support'],
  protocol: ['errors.ts', 'support', 'keys'],
  connection: base,
  access: [...base, 'connection'],
  transport: files,
  launch: sockets,
  server: sockets,
  diagnose: [...sockets, 'launch'],
  kernel: [...sockets, 'server'],
  typescript: [...sockets, 'server', 'kernel'],
  relay: [...sockets, 'launch', 'server'],
  manager: [...sockets, 'launch'],
  notebook: [...sockets, 'launch', 'manager'],
  cli: everything,
  'index.ts': everything,
};

/** Imports of what the owner of a kernel names: a verifier is code of theirs. */
const plugIns: readonly string[] = [
  'server/rules/verifier.ts → pathToFileURL(resolve(file)).href',
  // What the bundle of the kernel imports later.
  'support/code-cache.ts → specifier',
];

/** Packages that only some rooms load. Their types may be imported anywhere. */
const packages: Readonly<Record<string, readonly string[]>> = {
  zeromq: ['transport'],
  'libsodium-wrappers': ['keys'],
  '@jupyterlab/services': ['manager', 'notebook'],
  '@jridgewell/trace-mapping': ['typescript'],
  'magic-string': ['typescript'],
  'oxc-parser': ['typescript'],
  'oxc-transform': ['typescript'],
  yaml: ['access', 'cli'],
  yargs: ['cli'],
};

/** Evaluator files run as a process of their own: there, and in cli/, the process's streams and arguments are at home. */
const ownsProcess = (file: string): boolean => file.startsWith('cli/') || file.startsWith('typescript/evaluator/');

const sources = readSources();
const roomOf = (target: string): string => (target.includes('/') ? (target.split('/')[0] ?? '') : `${target}.ts`);
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('imports', () => {
  test('every room is one that the design names', () => {
    expect(sources.map((source) => source.room).filter((room) => upstream[room] === undefined)).toEqual([]);
  });

  test('a room imports only from rooms upstream of it', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .filter(({ target }) => target !== undefined)
        .map(({ target }) => ({ target, room: roomOf(target ?? '') }))
        .filter(({ room }) => room !== source.room && !upstream[source.room]?.includes(room))
        .map(({ target }) => `${source.file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing imports the door that is made for others', () => {
    const wrong = sources.filter((source) => source.imports.some(({ target }) => target === 'index'));
    expect(wrong.map((source) => source.file)).toEqual([]);
  });

  test('files import each other without a circle at run time', () => {
    const runtime = new Map(
      sources.map((source) => [
        source.file.replace(/\.ts$/, ''),
        source.imports.filter((one) => one.target !== undefined).map((one) => one.target ?? ''),
      ]),
    );
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const next of runtime.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of runtime.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('only the rooms that own a package load it', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .filter((one) => one.target === undefined && !one.typeOnly && !one.specifier.startsWith('node:'))
        .filter((one) => !plugIns.includes(`${source.file} → ${one.specifier}`))
        .filter((one) => !packages[packageOf(one.specifier)]?.includes(source.room))
        .map((one) => `${source.file} → ${one.specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only the command line and the evaluator process print, read arguments or exit', () => {
    const wrong = sources
      .filter((source) => !ownsProcess(source.file) && source.globals.length > 0)
      .map((source) => `${source.file}: ${source.globals.join(', ')}`);
    expect(wrong).toEqual([]);
  });
});
