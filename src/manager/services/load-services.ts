/** The module `@jupyterlab/services`. */
export type Services = typeof import('@jupyterlab/services');

/** Loads `@jupyterlab/services`. It takes 40 ms and 15 MB, and not every program that imports this package uses it. */
export async function loadServices(): Promise<Services> {
  return import('@jupyterlab/services');
}
