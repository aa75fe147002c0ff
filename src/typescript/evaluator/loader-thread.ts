/** The loader hooks where Node runs them on a thread of their own. The main thread decides what is loaded again. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { stampOf, type Seen } from './module-files.js';
import { createLoaderHooks, type LoaderHooks } from './typescript-hooks.js';

/** What Node gives to the hooks' thread when it starts. */
export interface LoaderData {
  /** Files that were seen go out, versions come in. */
  readonly port: MessagePort;
}

let hooks: LoaderHooks | undefined;

/** Called by Node before any hook. */
export function initialize({ port }: LoaderData): void {
  const versions = new Map<string, number>();
  const tell = (seen: Seen): void => port.postMessage(seen);
  hooks = createLoaderHooks({
    note: (file, parent) => tell({ file, parent, stamp: stampOf(file) }),
    noteMissing: (specifier, parent) => tell({ specifier, parent }),
    version(file) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        const [changed, version] = next.message as [string, number];
        versions.set(changed, version);
      }
      return versions.get(file) ?? 0;
    },
  });
}

export const resolve: LoaderHooks['resolve'] = (specifier, context, next) =>
  hooks === undefined ? next(specifier, context) : hooks.resolve(specifier, context, next);

export const load: LoaderHooks['load'] = (url, context, next) =>
  hooks === undefined ? next(url, context) : hooks.load(url, context, next);
