/**
 * The files that cells have imported by path, and which of them have to be loaded again: those that have changed, and those that
 * import one of them, directly or not. All others stay as they are, with their state.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isLocal, resolveFile } from './local-modules.js';

/** Tells one state of a file from another. */
export interface Stamp {
  readonly state: string;
  /** Hash of the content, where the file was so new that its time alone does not tell. */
  readonly hash: string | undefined;
}

/** A report of the loader's thread: a file that it has seen, or a specifier that it has not found. */
export type Seen =
  | { readonly file: string; readonly parent: string | undefined; readonly stamp: Stamp }
  | { readonly specifier: string; readonly parent: string };

/** An account of imported files. */
export type ModuleFiles = ReturnType<typeof createModuleFiles>;

interface LocalFile {
  stamp: Stamp;
  version: number;
  readonly parents: Set<string>;
}

/** Two writes within this time, in milliseconds, may leave a file with one time of change. */
const TIME_STEP = 100;

/** The state of a file as it is now. */
export function stampOf(file: string): Stamp {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return { state: 'none', hash: undefined };
  const isNew = Date.now() - Number(found.mtimeMs) < TIME_STEP;
  return { state: `${found.mtimeNs} ${found.size} ${found.ino}`, hash: isNew ? hashOf(file) : undefined };
}

function hashOf(file: string): string | undefined {
  try {
    // Loaded where it is needed: it costs some milliseconds, and few files are that new.
    const { createHash } = process.getBuiltinModule('node:crypto');
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return undefined; // it was removed
  }
}

function hasChanged(file: string, { state, hash }: Stamp): boolean {
  const now = stampOf(file);
  return now.state !== state || (hash !== undefined && hash !== (now.hash ?? hashOf(file)));
}

/** An account without files. `onChanged` is called with each new version. */
export function createModuleFiles(onChanged: (file: string, version: number) => void) {
  const { cache } = createRequire(import.meta.url);
  const files = new Map<string, LocalFile>();
  const missing = new Map<string, { readonly specifier: string; readonly parent: string }>();

  const addCommonJsParents = (): void => {
    for (const [parent, module] of Object.entries(cache)) {
      if (module === undefined || !isLocal(parent)) continue;
      // Modules that Node's ES loader has made have none.
      for (const { filename } of (module.children as NodeJS.Module[] | undefined) ?? [])
        files.get(filename)?.parents.add(parent);
    }
  };
  /** Those that have changed, and those that import them. */
  const outdated = (): Set<string> => {
    const found = new Set<string>();
    const add = (file: string): void => {
      if (found.has(file)) return;
      found.add(file);
      for (const parent of files.get(file)?.parents ?? []) add(parent);
    };
    for (const [file, { stamp }] of files) if (hasChanged(file, stamp)) add(file);
    for (const [key, { specifier, parent }] of missing) {
      if (resolveFile(specifier, pathToFileURL(parent).href) === undefined) continue;
      missing.delete(key);
      add(parent);
    }
    return found;
  };

  return {
    /** A file is about to be loaded, or was loaded before, on behalf of `parent`. */
    note(file: string, parent: string | undefined, stamp?: Stamp): void {
      const known: LocalFile = files.get(file) ?? { stamp: stamp ?? stampOf(file), version: 0, parents: new Set() };
      if (parent !== undefined) known.parents.add(parent);
      files.set(file, known);
    },
    /** A file was asked for that is not there. */
    noteMissing(specifier: string, parent: string): void {
      missing.set(`${parent}\n${specifier}`, { specifier, parent });
    },
    /** The number of times that a file has been loaded again. */
    version: (file: string): number => files.get(file)?.version ?? 0,
    /** Looks at every file. Those that are to be loaded again get another version, and leave the cache of `require`. */
    refresh(): void {
      if (files.size === 0 && missing.size === 0) return;
      addCommonJsParents();
      const changed = outdated();
      for (const file of changed) {
        const known = files.get(file);
        if (known === undefined) continue;
        known.version++;
        known.stamp = stampOf(file);
        delete cache[file];
        for (const each of files.values()) each.parents.delete(file);
        onChanged(file, known.version);
      }
    },
  };
}
