// npm run unit [-- PATTERN…]: builds, and runs test/unit: no Python, no other Node, no browser, no network.
import { ensureBuilt } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { jest } from './tasks/jest-run.mjs';
import { run, script } from './tasks/run.mjs';

script(async () => {
  await ensureDependencies();
  await ensureBuilt();
  return run(process.execPath, [...jest, ...process.argv.slice(2), '--testMatch', '**/test/unit/**/*.test.ts']);
});
