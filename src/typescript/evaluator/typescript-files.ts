/** Imports of files of the notebook's folder, such as `import { load } from './data.ts'`, by hooks on Node's module loader. */
import { createRequire, register } from 'node:module';
import * as module from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { isLocal, resolveFile } from './local-modules.js';
import { createModuleFiles, type Seen } from './module-files.js';
import { transpileFile } from './transpile-file.js';
import { createLoaderHooks, type LoaderHooks } from './typescript-hooks.js';

/** The loader's hooks on the same thread, from Node 22.15 on. */
interface SyncHooks {
  registerHooks?(hooks: LoaderHooks): void;
}

/** What cells need to import files by path. */
export interface FileImports {
  /**
   * Makes TypeScript files importable. Calling it a second time does nothing. Before Node 22.15 hooks live on a thread of their own,
   * which costs time and memory: so this is only for cells that import a file of the notebook.
   */
  allow(): void;
  /** Has files that have changed loaded again by whatever is imported next. */
  refresh(): void;
}

/** File imports that are not allowed yet. */
export function createFileImports(): FileImports {
  let tell: ((file: string, version: number) => void) | undefined;
  let receive = (): void => {};
  let isAllowed = false;
  const files = createModuleFiles((file, version) => tell?.(file, version));

  const startThread = (): void => {
    const { port1: port, port2 } = new MessageChannel();
    register('./loader-thread.js', import.meta.url, { data: { port: port2 }, transferList: [port2] });
    tell = (file, version) => port.postMessage([file, version]);
    receive = () => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        const seen = next.message as Seen;
        if ('file' in seen) files.note(seen.file, seen.parent, seen.stamp);
        else files.noteMissing(seen.specifier, seen.parent);
      }
    };
  };

  return {
    allow() {
      if (isAllowed) return;
      isAllowed = true;
      const { registerHooks } = module as SyncHooks;
      if (registerHooks === undefined) startThread();
      else registerHooks(createLoaderHooks(files));
      watchRequire((file, parent) => files.note(file, parent), registerHooks === undefined);
    },
    refresh() {
      if (!isAllowed) return;
      receive();
      files.refresh();
    },
  };
}

/** How `require` finds files: by Node's own names, which other loaders of TypeScript replace too. */
interface Resolver {
  _resolveFilename(request: string, parent: NodeJS.Module | null | undefined, ...rest: unknown[]): string;
}

type Extension = (module: NodeJS.Module, filename: string) => void;

/** Tells of each file that `require` loads, and makes it load TypeScript where the loader's hooks do not. */
function watchRequire(note: (file: string, parent: string | undefined) => void, loadsTypeScript: boolean): void {
  const extensions = createRequire(import.meta.url).extensions as Record<string, Extension | undefined>;
  const watch = (extension: string, load: Extension): void => {
    extensions[extension] = (loaded, filename) => {
      if (isLocal(filename)) note(filename, loaded.parent?.filename);
      load(loaded, filename);
    };
  };
  for (const extension of ['.js', '.json']) watch(extension, extensions[extension] as Extension);
  if (!loadsTypeScript) return;
  const resolver = module.Module as unknown as Resolver;
  const { _resolveFilename: original } = resolver;
  resolver._resolveFilename = (request, parent, ...rest) => {
    const url = parent?.filename == null ? undefined : pathToFileURL(parent.filename).href;
    return resolveFile(request, url) ?? original.call(resolver, request, parent, ...rest);
  };
  for (const extension of ['.ts', '.tsx', '.mts', '.cts']) {
    watch(extension, (loaded, filename) => {
      (loaded as NodeJS.Module & { _compile(code: string, filename: string): void })._compile(
        transpileFile(filename, true).code,
        filename,
      );
    });
  }
}
