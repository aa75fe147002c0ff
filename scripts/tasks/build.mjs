import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { inRoot, must } from './run.mjs';

const main = inRoot('dist', 'cli', 'main.js');
/** Written last. */
const bundled = inRoot('dist', 'cli', 'command.cjs');

/** Compiles src/ to dist/, and bundles the command. Outputs without a source are removed first. */
export async function build() {
  await removeStale();
  await must('src/ does not compile', process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', '.']);
  await bundle();
  if (existsSync(main)) await chmod(main, 0o755);
}

/** Builds when a source is newer than the last build. */
export async function ensureBuilt() {
  if (!(await isBuilt())) await build();
}

/** Whether the last build is newer than every source. */
export async function isBuilt() {
  const built = await stat(bundled).catch(() => undefined);
  const sources = ['package.json', 'tsconfig.json', ...(await filesIn(inRoot('src'))).map((file) => join('src', file))];
  const times = await Promise.all(sources.map(async (file) => (await stat(inRoot(file))).mtimeMs));
  return built !== undefined && Math.max(...times) <= built.mtimeMs;
}

async function removeStale() {
  const sources = new Set((await filesIn(inRoot('src'))).map((file) => file.replace(/\.ts$/, '')));
  const outputs = await filesIn(inRoot('dist'));
  const stale = outputs.filter((file) => !sources.has(file.replace(/(\.d\.ts|\.js)(\.map)?$/, '')));
  await Promise.all(stale.map((file) => rm(inRoot('dist', file))));
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}
