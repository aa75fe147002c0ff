import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KernelSpec as JupyterKernelSpec, ServerConnection } from '@jupyterlab/services';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { findKernelSpecs, type FindKernelSpecsOptions } from '../../launch/find-kernelspecs.js';
import { createPollStopper } from './poll-stopper.js';

/** Names that front ends look for among the files of a kernelspec. */
const RESOURCE = /^(?:logo-.*|kernel\.(?:js|css))$/;

/** Preferred when nobody says which kernel; otherwise the first by name. */
const DEFAULTS = ['python3', 'typescript'];

/** The installed kernelspecs, as KernelSpecManager wants them. Resources are `file:` URLs. */
export async function kernelSpecModels(
  options: FindKernelSpecsOptions & { readonly defaultKernel?: string } = {},
): Promise<JupyterKernelSpec.ISpecModels> {
  const specs = await findKernelSpecs(options);
  const models = await Promise.all([...specs.values()].map(async (spec) => [spec.name, await toModel(spec)] as const));
  const name = [options.defaultKernel, ...DEFAULTS].find((one) => one !== undefined && specs.has(one));
  return {
    default: name ?? [...specs.keys()].toSorted()[0] ?? '',
    kernelspecs: Object.fromEntries(models),
  };
}

/** The kernelspec API of a Jupyter server, without one. */
export class LocalKernelSpecAPIClient implements JupyterKernelSpec.IKernelSpecAPIClient {
  readonly serverSettings: ServerConnection.ISettings;
  /** What KernelSpecManager polls. */
  readonly poll = createPollStopper();
  readonly #models: () => Promise<JupyterKernelSpec.ISpecModels>;

  constructor(serverSettings: ServerConnection.ISettings, models: () => Promise<JupyterKernelSpec.ISpecModels>) {
    this.serverSettings = serverSettings;
    this.#models = models;
  }

  get(): Promise<JupyterKernelSpec.ISpecModels> {
    return this.poll.pass(this.#models);
  }
}

async function toModel(spec: KernelSpec): Promise<JupyterKernelSpec.ISpecModel> {
  return {
    name: spec.name,
    language: spec.language,
    argv: [...spec.argv],
    display_name: spec.displayName,
    env: { ...spec.env },
    interrupt_mode: spec.interruptMode,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON it is; upstream's type wants to be able to change it
    metadata: spec.metadata as NonNullable<JupyterKernelSpec.ISpecModel['metadata']>,
    resources: await findResources(spec.resourceDir),
  };
}

async function findResources(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder).catch(() => []);
  return Object.fromEntries(
    names
      .filter((name) => RESOURCE.test(name))
      .map((name) => [name.startsWith('logo-') ? parse(name).name : name, pathToFileURL(join(folder, name)).href]),
  );
}
