/** Imports of files of the notebook's folder, such as `import { load } from './data.ts'`, by hooks on Node's module loader. */
import { register } from 'node:module';
import * as module from 'node:module';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { Builtins } from '../builtins.js';
import { LOADER_THREAD } from '../internals.js';
import { createModuleFiles, type Seen } from './module-files.js';
import { watchRequire } from './watch-require.js';
import { createLoaderHooks, type LoaderHooks } from './typescript-hooks.js';

/** The loader's hooks on the same thread, from Node 22.15 on. */
interface SyncHooks {
  registerHooks?(hooks: LoaderHooks): void;
}

/** Imports of files by path. */
export type FileImports = ReturnType<typeof createFileImports>;

/** File imports that are not allowed yet. */
export function createFileImports({ run }: Builtins) {
  let tell: ((file: string, version: number) => void) | undefined;
  let receive: (() => void) | undefined;
  let isAllowed = false;
  const files = createModuleFiles((file, version) => tell?.(file, version));

  const startThread = (): void => {
    const { port1: port, port2 } = new MessageChannel();
    register(LOADER_THREAD, { data: { port: port2 }, transferList: [port2] });
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
    /**
     * Makes TypeScript files importable. Calling it a second time does nothing. Before Node 22.15 hooks live on a thread of their own,
     * which costs time and memory: so this is only for cells that import a file of the notebook.
     */
    allow(): void {
      if (isAllowed) return;
      isAllowed = true;
      const { registerHooks } = module as SyncHooks;
      if (registerHooks === undefined) startThread();
      else registerHooks(createLoaderHooks(files, run));
      watchRequire(files, run);
    },
    /** Has files that have changed loaded again by whatever is imported next. */
    refresh(): void {
      if (!isAllowed) return;
      run(() => {
        receive?.();
        files.refresh();
      });
    },
  };
}
