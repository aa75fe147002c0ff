import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KernelSpec as JupyterKernelSpec } from '@jupyterlab/services';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { findKernelSpecs, type FindKernelSpecsOptions } from '../../launch/find-kernelspecs.js';

/** Files of a kernelspec that front ends use. */
const RESOURCE = /^(?:logo-.*|kernel\.(?:js|css))$/;

/** Preferred default kernels; without one of them, the first by name. */
const DEFAULTS = ['python3', 'typescript'];

/** The installed kernelspecs in the shape of KernelSpecManager. Resources are `file:` URLs. */
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

async function toModel(spec: KernelSpec): Promise<JupyterKernelSpec.ISpecModel> {
  return {
    name: spec.name,
    language: spec.language,
    argv: [...spec.argv],
    display_name: spec.displayName,
    env: { ...spec.env },
    interrupt_mode: spec.interruptMode,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is JSON; only upstream's type is mutable
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
