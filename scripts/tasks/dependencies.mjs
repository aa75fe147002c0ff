import { existsSync } from 'node:fs';
import { inRoot, npm, step } from './run.mjs';

/** Installs what package-lock.json names, if nothing is installed yet. */
export async function ensureDependencies() {
  if (existsSync(inRoot('node_modules', '.package-lock.json'))) return;
  step('installing dependencies (once)');
  await npm('the dependencies could not be installed', ['ci', '--no-audit', '--no-fund']);
}
