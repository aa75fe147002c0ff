import { access, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { succeeds } from '../../support/succeeds.js';

/** The packages of a Python environment that have to do with kernels, as its metadata names them. No Python is run for it. */
export interface PythonPackages {
  /** `sys.prefix`. */
  readonly prefix: string;
  /** Versions by the normalised name (`jupyter_client`). */
  readonly versions: ReadonlyMap<string, string>;
  /** The folders of packages. */
  readonly folders: readonly string[];
}

const WANTED = new Set(['jupyter_client', 'ipykernel', 'jupyter_server', 'pyzmq']);

/** Reads the names of `*.dist-info` folders (the Core Metadata of installed projects) in an environment. */
export async function readPythonPackages(prefix: string): Promise<PythonPackages> {
  const folders = await packageFolders(prefix);
  const versions = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of await readdir(folder).catch(() => [])) {
      const [, name = '', version = ''] = /^([\w.-]+?)-([^-]+)\.(?:dist-info|egg-info)$/.exec(entry) ?? [];
      const normal = name.toLowerCase().replaceAll(/[-.]+/g, '_');
      // The first folder is the one that Python finds first.
      if (WANTED.has(normal) && !versions.has(normal)) versions.set(normal, version);
    }
  }
  return { prefix, versions, folders };
}

async function packageFolders(prefix: string): Promise<readonly string[]> {
  const libraries = join(prefix, process.platform === 'win32' ? 'Lib' : 'lib');
  const versions = (await readdir(libraries).catch(() => [])).filter((name) => /^python3(?:\.\d+)?$/.test(name));
  const roots = process.platform === 'win32' ? [libraries] : versions.map((name) => join(libraries, name));
  const folders = roots.flatMap((root) => [join(root, 'site-packages'), join(root, 'dist-packages')]);
  const present = await Promise.all(folders.map(async (folder) => ((await succeeds(access(folder))) ? [folder] : [])));
  return present.flat();
}

/** True if a kernelspec starts an ipykernel. */
export const isIpykernel = ({ argv }: Pick<KernelSpec, 'argv'>): boolean =>
  argv.some((one) => /(?:^|[/\\])ipykernel(?:\.kernelapp|_launcher(?:\.py)?)?$/.test(one));

/** The prefix of the Python that a kernelspec starts; undefined for other programs. `fallback`: that of the active environment. */
export async function pythonPrefixOf(spec: KernelSpec, fallback: string | undefined): Promise<string | undefined> {
  const [program = ''] = spec.argv;
  if (!/^python(?:\d(?:\.\d+)?)?(?:\.exe)?$/.test(basename(program))) return undefined;
  if (isAbsolute(program)) return process.platform === 'win32' ? dirname(program) : dirname(dirname(program));
  const [, installed] = /^(.+)[/\\]share[/\\]jupyter[/\\]kernels[/\\][^/\\]+$/.exec(spec.resourceDir) ?? [];
  const hasPython = installed !== undefined && (await succeeds(access(join(installed, 'bin', program))));
  return hasPython ? installed : fallback;
}

/**
 * Whether the libzmq that comes with pyzmq was built with CURVE, by the text that `zmq_has("curve")` compares with; undefined where it is not among
 * the files of the package.
 */
export async function hasCurve({ folders }: PythonPackages): Promise<boolean | undefined> {
  for (const folder of folders) {
    for (const place of [join(folder, 'pyzmq.libs'), join(folder, 'zmq', '.dylibs')]) {
      const library = (await readdir(place).catch(() => [])).find((name) => /^libzmq[.-]/.test(name));
      if (library === undefined) continue;
      const bytes = await readFile(join(place, library)).catch(() => undefined);
      if (bytes !== undefined) return bytes.includes('\0curve\0');
    }
  }
  return undefined;
}

/** True if `version` is lower than `wanted`, by its numbers; a version that has none is not. */
export function isOlder(version: string, wanted: string): boolean {
  const [have, want] = [numbersIn(version), numbersIn(wanted)];
  const index = want.findIndex((number, place) => (have[place] ?? 0) !== number);
  return have.length > 0 && index >= 0 && (have[index] ?? 0) < (want[index] ?? 0);
}

const numbersIn = (version: string): number[] => (/^\d+(?:\.\d+)*/.exec(version)?.[0].split('.') ?? []).map(Number);
