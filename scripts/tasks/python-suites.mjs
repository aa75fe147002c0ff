import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inRoot } from './run.mjs';

/** Test files that use the Python environment, by themselves or by what they import; paths from the project's folder. */
export const pythonSuites = () => suitesUsing(join('test', 'support', 'python.ts'));

/** Test files that import `helper`, or what imports it. */
export async function suitesUsing(helper) {
  const files = await readdir(inRoot('test'), { recursive: true });
  const suites = files.filter((file) => file.endsWith('.test.ts')).map((file) => join('test', file));
  const imports = new Map();
  const reaches = async (file, seen) => {
    if (file === helper) return true;
    if (seen.has(file)) return false;
    seen.add(file);
    if (!imports.has(file)) imports.set(file, await importsOf(file));
    for (const next of imports.get(file)) if (await reaches(next, seen)) return true;
    return false;
  };
  const found = [];
  for (const suite of suites.toSorted()) if (await reaches(suite, new Set())) found.push(suite);
  return found;
}

async function importsOf(file) {
  const text = await readFile(inRoot(file), 'utf8');
  return [...text.matchAll(/ from '(\.{1,2}\/[^']+)\.js'/g)].map(([, path]) => join(dirname(file), `${path}.ts`));
}
