/** Completion of module specifiers: Node's own modules, packages in reach of the notebook's folder, and its files. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const FILE = /\.(?:[cm]?[jt]sx?|json)$/;

/** The specifiers that begin with `prefix`, for code in `folder`. Folders that cannot be read have none. */
export async function moduleSpecifiers(prefix: string, folder: string): Promise<string[]> {
  const found = /^\.{0,2}\//.test(prefix)
    ? await files(prefix, folder)
    : [...builtins(prefix), ...(await packages(folder))];
  return [...new Set(found)].filter((each) => each.startsWith(prefix));
}

function builtins(prefix: string): string[] {
  const names = builtinModules.filter((each) => !each.startsWith('_') && !each.startsWith('node:'));
  return names.map((each) => (prefix.startsWith('node:') ? `node:${each}` : each));
}

async function packages(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (let at = resolve(folder); ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    for (const { name } of await entries(modules)) {
      if (name.startsWith('.')) continue;
      const scoped = name.startsWith('@') ? await entries(join(modules, name)) : [];
      found.push(...(name.startsWith('@') ? scoped.map((each) => `${name}/${each.name}`) : [name]));
    }
    if (at === dirname(at)) return found.toSorted();
  }
}

async function files(prefix: string, folder: string): Promise<string[]> {
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const found = await entries(resolve(folder, parent));
  return found
    .filter((each) => !each.name.startsWith('.') && (each.isDirectory() || FILE.test(each.name)))
    .map((each) => `${parent}${each.name}${each.isDirectory() ? '/' : ''}`)
    .toSorted();
}

async function entries(folder: string): Promise<Dirent[]> {
  return await readdir(folder, { withFileTypes: true }).catch(() => []);
}
