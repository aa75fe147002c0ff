import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inRoot, npm, step } from '../../scripts/tasks/run.mjs';

/** The kernels of others, pinned. ipykernel and jupyter_client are those of test/requirements.txt. */
export const VERSIONS = { deno: '2.9.6', tslab: '1.0.22' };

/** Installs Deno and tslab into .cache/bench where they are missing; returns the argv of each one's kernelspec. */
export async function ensurePeers() {
  const deno = await ensurePackage('deno', []);
  // tslab finds the types of Node only where it is installed globally: there they are in a folder of its own.
  const tslab = await ensurePackage('tslab', ['--global']);
  return {
    deno: [await denoBinary(deno), 'jupyter', '--kernel', '--conn', '{connection_file}'],
    tslab: [process.execPath, join(tslab, 'bin', 'tslab'), 'kernel', '--config-path', '{connection_file}'],
  };
}

/** The folder of a package. */
async function ensurePackage(name, options) {
  const prefix = inRoot('.cache', 'bench', name);
  const folders = ['node_modules', join('lib', 'node_modules')].map((folder) => join(prefix, folder, name));
  const installed = async (folder) =>
    existsSync(folder) && JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')).version === VERSIONS[name];
  const find = async () => {
    for (const folder of folders) if (await installed(folder)) return folder;
    return undefined;
  };
  const found = await find();
  if (found !== undefined) return found;
  step(`fetching ${name} ${VERSIONS[name]} (once)`);
  await mkdir(prefix, { recursive: true });
  const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
  await npm(`${name} could not be fetched`, [
    'install',
    ...options,
    ...quiet,
    '--prefix',
    prefix,
    `${name}@${VERSIONS[name]}`,
  ]);
  const fetched = await find();
  if (fetched === undefined) throw new Error(`${name} ${VERSIONS[name]} is not in ${prefix} after its installation.`);
  return fetched;
}

/** Without the package's JavaScript in front, which would be measured too. */
async function denoBinary(folder) {
  const { optionalDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const require = createRequire(join(folder, 'package.json'));
  for (const name of Object.keys(optionalDependencies)) {
    const binary = name.includes('win32') ? 'deno.exe' : 'deno';
    try {
      return require.resolve(`${name}/${binary}`);
    } catch {
      // npm installs the one for this system only.
    }
  }
  throw new Error(`Deno has no binary for ${process.platform} on ${process.arch}.`);
}

/** Kernelspecs of these kernels below `folder`, which JUPYTER_PATH must name. */
export async function writeKernelspecs(folder, peers) {
  for (const [name, argv] of Object.entries(peers)) {
    const spec = { argv, display_name: name, language: 'typescript' };
    await mkdir(join(folder, 'kernels', name), { recursive: true });
    await writeFile(join(folder, 'kernels', name, 'kernel.json'), JSON.stringify(spec));
  }
}
