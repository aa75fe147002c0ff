import { isAbsolute, join } from 'node:path';
import { inRoot } from './run.mjs';

/**
 * Puts all that a process loads into few files, as it was just compiled: front ends wait for a kernel to start, and a fifth of that time was
 * Node finding and reading 160 modules. What is in dist/ besides is what programs import.
 *
 * - dist/cli/main.js: the command, an ES module.
 * - dist/cli/kernel.cjs and dist/cli/kernel-process.cjs: the kernel, and the program that loads it with its code cache.
 */
export async function bundle() {
  // Not before: `npm start` in a fresh clone installs it first.
  const { build } = await import('rolldown');
  await build({
    ...inputOptions('main', 'main'),
    output: {
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunk-[name]-[hash].js',
      sourcemap: true,
    },
  });
  const commonJs = { 'kernel-process': 'kernel-process', kernel: 'start-kernel-process' };
  for (const [name, entry] of Object.entries(commonJs)) {
    await build({
      ...inputOptions(name, entry),
      external: (id, importer) => isPackage(id) && (id !== 'zeromq' || importer === CHOSEN),
      plugins:
        name === 'kernel' ? [] : [zeromqWithKnownAddon(), { name: 'packages-when-used', renderChunk: loadWhenUsed }],
      output: { dir: folder, format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    });
  }
}

/** All bundles are in the same folder: where modules look for files beside them, they are as far away from there. */
const folder = inRoot('dist', 'cli');

const inputOptions = (name, entry) => ({
  input: { [name]: inRoot('dist', 'cli', `${entry}.js`) },
  platform: 'node',
  external: isPackage,
  logLevel: 'warn',
});

const isPackage = (id) => !id.startsWith('.') && !id.startsWith('\0') && !isAbsolute(id);

/** The module that chooses between the zeromq that is installed and the one in the bundle. */
const CHOSEN = '\0zeromq';

/**
 * zeromq tries several builds of its addon, of 20 files, to find the one for this system. Where that is known (src/support/code-cache.ts), the
 * bundle has the JavaScript of zeromq, and opens that one.
 */
function zeromqWithKnownAddon() {
  const lib = inRoot('node_modules', 'zeromq', 'lib');
  return {
    name: 'zeromq-with-known-addon',
    resolveId: (id, importer) => (id === 'zeromq' && importer !== CHOSEN ? CHOSEN : undefined),
    load(id) {
      if (id === CHOSEN) {
        const bundled = JSON.stringify(join(lib, 'index.js'));
        return `module.exports = knownAddon === undefined ? require('zeromq') : require(${bundled});`;
      }
      return id === join(lib, 'load-addon.js') ? 'exports.__esModule = true; exports.default = knownAddon;' : undefined;
    },
  };
}

/** The packages that ES modules import when they need them are loaded then by a bundle in one file, too. */
function loadWhenUsed(code) {
  const lazy = code.replaceAll(
    /^let (\w+) = require\("((?!node:|zeromq")[^"]+)"\);$/gm,
    (_, name, specifier) => `let ${name} = whenUsed(() => require("${specifier}"));`,
  );
  const whenUsed = 'const whenUsed = (load) => new Proxy({}, { get: (_, name) => Reflect.get(load(), name) });';
  return { code: `${whenUsed}\n${lazy.replaceAll(/\bimport\(/g, 'importModule(')}` };
}
