import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, must } from './run.mjs';

/** Has the code caches for this Node written, as an installation does: kernels, and so the tests that start them, take half the time. */
export async function writeCodeCaches(node) {
  const prefix = await mkdtemp(join(tmpdir(), 'jupyter-curve-'));
  try {
    const install = [inRoot('dist', 'cli', 'main.js'), 'install', '--prefix', prefix];
    await must('The kernel could not be installed', node, install, { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    await rm(prefix, { recursive: true, force: true });
  }
}
