/** The loader hooks where Node runs them on a thread of their own. The main thread decides what is loaded again. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { stampOf, type Seen } from './module-files.js';
import { createLoaderHooks, type FilesOfHooks, type LoaderHooks } from './typescript-hooks.js';

/** The data of the hooks' thread, which Node passes to it. */
export interface LoaderData {
  /** Files that were seen go out, versions come in. */
  readonly port: MessagePort;
}

let hooks: LoaderHooks | undefined;

/** Called by Node before any hook. */
export function initialize({ port }: LoaderData): void {
  const versions = new Map<string, number>();
  const tell = (seen: Seen): void => port.postMessage(seen);
  const version = (file: string): number => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const [changed, number] = next.message as [string, number];
      versions.set(changed, number);
    }
    return versions.get(file) ?? 0;
  };
  const files: FilesOfHooks = {
    note: (file, parent) => tell({ file, parent, stamp: stampOf(file) }),
    noteMissing: (specifier, parent) => tell({ specifier, parent }),
    version,
  };
  hooks = createLoaderHooks(files, (action) => action());
}

/** The hook under the name that Node looks for. */
export const resolve: LoaderHooks['resolve'] = (specifier, context, next) =>
  hooks === undefined ? next(specifier, context) : hooks.resolve(specifier, context, next);

/** The hook under the name that Node looks for. */
export const load: LoaderHooks['load'] = (url, context, next) =>
  hooks === undefined ? next(url, context) : hooks.load(url, context, next);
