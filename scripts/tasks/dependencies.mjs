import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npm, root, step } from './run.mjs';

/** Set for an installation that is a part of a script, which builds by itself. */
export const NESTED = 'JUPYTER_CURVE_NESTED_INSTALL';

/** Installs what package-lock.json names, unless that is what is installed. */
export async function ensureDependencies() {
  if (await isInstalled(root)) return;
  step('installing dependencies (once)');
  // npm passes its options to child processes in the environment: those of `npm install --global --omit=dev .` must not apply here.
  const env = { [NESTED]: '1', npm_config_global: '', npm_config_location: '', npm_config_omit: '' };
  const options = ['--include=dev', '--no-audit', '--no-fund'];
  await npm('the dependencies could not be installed', ['ci', ...options], { env });
}

/** Whether the packages in `folder` are those of its package-lock.json; npm keeps a list of what it installed. */
export async function isInstalled(folder) {
  const [wanted, installed] = await Promise.all([
    packagesOf(join(folder, 'package-lock.json')),
    packagesOf(join(folder, 'node_modules', '.package-lock.json')),
  ]);
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = installed[path];
    // Optional packages are for some platforms only.
    return path === '' || (found === undefined ? optional === true : found.version === version);
  });
}

const packagesOf = (file) =>
  readFile(file, 'utf8').then(
    (text) => JSON.parse(text).packages,
    () => ({}),
  );
