import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inRoot, npm, step } from './run.mjs';

/** The oldest `@jupyterlab/services` that the library promises to work with. */
const version = '7.4.0';

/** The only suite that uses it. */
export const oldestServicesSuite = join('test', 'process', 'manager', 'oldest-services.test.ts');

/** Fetches it when needed, into a folder whose packages are looked up before ours. Throws where that is impossible. */
export async function ensureOldestServices() {
  const folder = inRoot('.cache', 'services-7.4');
  if (existsSync(`${folder}/node_modules/@jupyterlab/services/package.json`)) return;
  step(`fetching @jupyterlab/services ${version} (once)`);
  await mkdir(folder, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  await npm(`@jupyterlab/services ${version} could not be fetched`, [
    'install',
    ...options,
    `@jupyterlab/services@${version}`,
  ]);
}
