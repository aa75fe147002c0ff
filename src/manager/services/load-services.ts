/** What we use of `@jupyterlab/services` at run time. */
export type Services = typeof import('@jupyterlab/services');

/** Loads it. Late, because it costs 40 ms and 15 MB, and not every program that imports this package uses it. */
export async function loadServices(): Promise<Services> {
  return import('@jupyterlab/services');
}
