/** Imports of TypeScript files, such as `import { load } from './data.ts'`, by hooks on Node's module loader. */
import { register } from 'node:module';
import * as module from 'node:module';
import { load, resolve } from './typescript-hooks.js';

/** The loader's hooks on the same thread, from Node 22.15 on. */
interface SyncHooks {
  registerHooks?(hooks: { resolve: typeof resolve; load: typeof load }): void;
}

/**
 * Makes TypeScript files importable. Calling the result a second time does nothing. Before Node 22.15 hooks live on a thread
 * of their own, which costs time and memory: so this is only for cells that import a file of the notebook.
 */
export function createTypeScriptImports(): () => void {
  let installed = false;
  return () => {
    if (installed) return;
    installed = true;
    const { registerHooks } = module as SyncHooks;
    if (registerHooks === undefined) register('./typescript-hooks.js', import.meta.url);
    else registerHooks({ resolve, load });
  };
}
