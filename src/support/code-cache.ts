import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

/** A bundle that was loaded. */
export interface LoadedBundle {
  /** What the CommonJS module exports. */
  readonly exports: unknown;
  /** Whether V8 took compiled code from the cache beside the bundle. */
  readonly fromCache: boolean;
  /**
   * Writes the code that V8 has compiled by now beside the bundle, for the next process with this Node and these flags of V8. Throws what
   * the file system refuses.
   */
  writeCache(): void;
}

/** The argument that has a process write the code cache of its bundle when it ends. */
export const WRITE_CODE_CACHE = '--write-code-cache';

/** The first line of a cache, as JSON. */
interface CacheHead {
  /** SHA-256 of the bundle and of the compiled code, in base64. */
  readonly bundleHash: string;
  readonly codeHash: string;
  /** The native addon that the bundle's process had loaded. */
  readonly addon?: AddonFile;
}

interface AddonFile {
  readonly file: string;
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Parameters of the function that V8 compiles: those of a CommonJS module (Node, “The module wrapper”), the addon if it is known, and `import()`,
 * which scripts from a cache do not have.
 */
const PARAMETERS = 'exports, require, module, __filename, __dirname, knownAddon, importModule';

/**
 * Loads a CommonJS bundle as `require` does, with the code cache that lies beside it: a third of the time in which a kernel starts is V8
 * compiling it. `require` is that of a module in the same folder.
 *
 * A code cache is executable. It is used only where its file can be written by no more accounts than the bundle, and holds the hashes of this
 * bundle and of its own contents; V8 refuses what another version of it, or other flags, made. What is not used is no error.
 */
export function loadBundle(file: string, require: NodeJS.Require): LoadedBundle {
  const source = readFileSync(file);
  const cache = readCache(cacheFile(file), file, source);
  const script = new Script(`(function (${PARAMETERS}) {${source.toString()}\n})`, {
    filename: file,
    ...(cache && { cachedData: cache.code }),
  });
  const fromCache = cache !== undefined && script.cachedDataRejected === false;
  const module = { exports: {} };
  const addon = fromCache && cache.addon ? openAddon(cache.addon, require) : undefined;
  script.runInThisContext()(module.exports, require, module, file, dirname(file), addon, importModule);
  return {
    exports: module.exports,
    fromCache,
    writeCache: () => writeCache(cacheFile(file), source, script.createCachedData(), loadedAddon(require)),
  };
}

/** Whether {@link loadBundle} of this file finds a cache that this Node may use. */
export function hasCodeCache(file: string): boolean {
  return readCache(cacheFile(file), file, readFileSync(file)) !== undefined;
}

/** Has the process write the cache of a bundle when it ends; a folder of another account stays without. */
export function writeCacheOnExit(bundle: LoadedBundle): void {
  process.once('exit', () => {
    try {
      bundle.writeCache();
    } catch {
      // The next process compiles the bundle.
    }
  });
}

/** Imports a module. */
export const importModule = async (specifier: string): Promise<unknown> => import(specifier);

/** One for each version of V8, set of its flags, and kind of processor. */
const cacheFile = (bundle: string): string => `${bundle}.${process.arch}-${cachedDataVersionTag().toString(16)}.cache`;

function readCache(
  file: string,
  bundle: string,
  source: Uint8Array,
): (CacheHead & { readonly code: Buffer }) | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (!isAsUnwritable(descriptor, bundle)) return undefined;
    const bytes = readFileSync(descriptor);
    const end = bytes.indexOf('\n');
    const head: CacheHead = JSON.parse(bytes.toString('utf8', 0, end));
    const code = bytes.subarray(end + 1);
    return head.bundleHash === hash(source) && head.codeHash === hash(code) ? { ...head, code } : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Only those who could write the bundle could write the cache. */
function isAsUnwritable(descriptor: number, bundle: string): boolean {
  const cache = fstatSync(descriptor);
  const own = statSync(bundle);
  const sameGroup = cache.gid === own.gid || (cache.mode & 0o020) === 0;
  return cache.isFile() && cache.uid === own.uid && sameGroup && (cache.mode & ~own.mode & 0o022) === 0;
}

function writeCache(file: string, source: Uint8Array, code: Uint8Array, addon: AddonFile | undefined): void {
  const head = { bundleHash: hash(source), codeHash: hash(code), addon };
  const draft = `${file}.${process.pid}.draft`;
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), code]), { mode: 0o644, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function loadedAddon({ cache }: NodeJS.Require): AddonFile | undefined {
  const [file, ...others] = Object.keys(cache).filter((name) => name.endsWith('.node'));
  return file === undefined || others.length > 0 ? undefined : addonFile(file);
}

function addonFile(file: string): AddonFile {
  const { size, mtimeMs } = statSync(file);
  return { file, bytes: size, modified: mtimeMs };
}

/** Undefined where it is another one by now, such as that of a newer zeromq, or cannot be loaded. */
function openAddon({ file, bytes, modified }: AddonFile, require: NodeJS.Require): unknown {
  try {
    const now = addonFile(file);
    return now.bytes === bytes && now.modified === modified ? require(file) : undefined;
  } catch {
    return undefined;
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
