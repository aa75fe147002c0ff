import { readdir, readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot } from './run.mjs';

/**
 * Puts all that a process loads into few files, as it was just compiled: front ends wait for a kernel to start, and a fifth of that time was
 * Node finding and reading 160 modules. What is in dist/ besides is what programs import.
 *
 * - dist/cli/command.cjs: all commands but the kernel, and start-program.cjs, which loads it, or the kernel, with its code cache.
 * - dist/cli/kernel-process.cjs and dist/typescript/evaluator/evaluator-process.cjs: the kernel and the evaluator, with kernel.cjs and
 *   evaluator.cjs beside them, which load them with their code caches.
 */
export async function bundle() {
  // Not before: `npm start` in a fresh clone installs it first.
  const { build } = await import('rolldown');
  const packages = new Set();
  for (const { folder, name, entry, plugins, bundled = [] } of commonJs()) {
    const { output } = await build({
      input: { [name]: inRoot('dist', folder, `${entry}.js`) },
      platform: 'node',
      logLevel: 'warn',
      external: (id, importer) => isPackage(id) && (!bundled.includes(id) || importer?.startsWith(CHOSEN)),
      transform: { define: { 'process.env.NAPI_RS_ENFORCE_VERSION_CHECK': '"1"', 'import.meta.resolve': 'undefined' } },
      plugins,
      output: { dir: inRoot('dist', folder), format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    });
    for (const id of output.flatMap((chunk) => chunk.moduleIds)) {
      const [, packageFolder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id) ?? [];
      if (packageFolder !== undefined) packages.add(packageFolder);
    }
  }
  const notices = await Promise.all([...packages].toSorted((a, b) => (a < b ? -1 : 1)).map(noticeOf));
  await writeFile(inRoot('dist', 'third-party-licenses.txt'), notices.join('\n\n---\n\n'));
}

/** The name and the licence of a package that is part of a bundle, which its licence wants to be passed on. */
async function noticeOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e(\.(txt|md))?$/i.test(each));
  if (file === undefined) throw new Error(`The licence of ${name}, which is bundled, is not in its folder.`);
  return `${name} ${version} (${license})\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
}

/** The CommonJS bundles: of each process a starter, and what it loads. */
function commonJs() {
  const whenUsed = { name: 'packages-when-used', renderChunk: loadWhenUsed };
  const imports = { name: 'imports-by-loader', renderChunk: importByLoader };
  return [
    { folder: 'cli', name: 'start-program', entry: 'start-program', plugins: [] },
    {
      folder: 'cli',
      name: 'command',
      entry: 'run-command',
      bundled: ['zeromq', ...YARGS],
      plugins: [zeromqWithKnownAddon(), plainStringWidth, whenUsed, imports],
    },
    { folder: 'cli', name: 'kernel', entry: 'start-kernel-process', plugins: [] },
    {
      folder: 'cli',
      name: 'kernel-process',
      entry: 'kernel-process',
      bundled: ['zeromq'],
      plugins: [zeromqWithKnownAddon(), whenUsed, imports],
    },
    {
      folder: 'cli',
      name: 'relay-process',
      entry: 'relay-process',
      bundled: ['zeromq'],
      plugins: [zeromqWithKnownAddon(), whenUsed, imports],
    },
    { folder: 'typescript/evaluator', name: 'evaluator', entry: 'start-evaluator', plugins: [] },
    { folder: 'typescript/evaluator', name: 'control-thread', entry: 'control-thread', plugins: [] },
    {
      folder: 'typescript/evaluator',
      name: 'evaluator-process',
      entry: 'evaluator-main',
      bundled: ['magic-string', '@jridgewell/sourcemap-codec', 'oxc-parser', 'oxc-transform'],
      plugins: [withOwnAddon({ 'oxc-parser': 'parseSync', 'oxc-transform': 'transformSync' }), whenUsed],
    },
  ];
}

/** yargs and what it uses: 30 files. */
const YARGS =
  'yargs yargs-parser y18n cliui escalade/sync get-caller-file string-width strip-ansi ansi-regex ansi-styles wrap-ansi'.split(
    ' ',
  );

const isPackage = (id) => !id.startsWith('.') && !id.startsWith('\0') && !isAbsolute(id);

/** The modules that choose between a package that is installed and the one in the bundle. */
const CHOSEN = '\0chosen:';

/**
 * zeromq tries several builds of its addon, of 20 files, to find the one for this system. Where that is known (src/support/code-cache.ts), the
 * bundle has the JavaScript of zeromq, and opens that one.
 */
function zeromqWithKnownAddon() {
  const lib = inRoot('node_modules', 'zeromq', 'lib');
  return {
    name: 'zeromq-with-known-addon',
    resolveId: (id, importer) => (id === 'zeromq' && !importer.startsWith(CHOSEN) ? CHOSEN + id : undefined),
    load(id) {
      if (id === `${CHOSEN}zeromq`) {
        const bundled = JSON.stringify(join(lib, 'index.js'));
        return `module.exports = knownAddon === undefined ? require('zeromq') : require(${bundled});`;
      }
      return id === join(lib, 'load-addon.js') ? 'exports.__esModule = true; exports.default = knownAddon;' : undefined;
    },
  };
}

/**
 * The function of each of these packages that is used, from the package in the bundle. It takes longer to load their JavaScript from files than
 * the addon that does the work. Where that is of another version, or not to be found from here, the installed package is loaded.
 */
function withOwnAddon(functions) {
  return {
    name: 'with-own-addon',
    resolveId: (id, importer) => (id in functions && !importer.startsWith(CHOSEN) ? CHOSEN + id : undefined),
    load(id) {
      const name = id.replace(CHOSEN, '');
      const used = functions[name];
      if (!id.startsWith(CHOSEN) || used === undefined) return undefined;
      const bundled = JSON.stringify(fileURLToPath(import.meta.resolve(name)));
      return `
        let loaded;
        const load = () => { try { return require(${bundled}); } catch { return require('${name}'); } };
        export const ${used} = (...options) => (loaded ??= load()).${used}(...options);
      `;
    },
  };
}

/** The package compiles patterns for all emoji, which takes 10 ms. The help has letters of one column only. */
const plainStringWidth = {
  name: 'plain-string-width',
  resolveId: (id) => (id === 'string-width' ? `\0${id}` : undefined),
  load: (id) =>
    id === '\0string-width'
      ? 'import { stripVTControlCharacters as plain } from "node:util"; export default function width(text) { return plain(text).length; }'
      : undefined,
};

/** The packages that ES modules import when they need them are loaded then by a bundle in one file, too. */
function loadWhenUsed(code) {
  const lazy = code.replaceAll(
    /^let (\w+) = require\("((?!node:|zeromq")[^"]+)"\);$/gm,
    (_, name, specifier) => `let ${name} = whenUsed(() => require("${specifier}"));`,
  );
  const whenUsed = 'const whenUsed = (load, loaded) => new Proxy({}, { get: (_, name) => (loaded ??= load())[name] });';
  return { code: `${whenUsed}\n${lazy}` };
}

/** A script from a code cache has no `import()` of its own. */
const importByLoader = (code) => ({ code: code.replaceAll(/\bimport\(/g, 'importModule(') });
