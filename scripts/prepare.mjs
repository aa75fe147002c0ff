// Run by npm install, npm install --global . and installations from git: builds what they install, also in a fresh clone.
import { ensureBuilt, isBuilt } from './tasks/build.mjs';
import { ensureDependencies, NESTED } from './tasks/dependencies.mjs';
import { script } from './tasks/run.mjs';

script(async () => {
  // A script that installs the dependencies builds afterwards by itself.
  if (process.env[NESTED] === '1' || (await isBuilt())) return;
  await ensureDependencies();
  await ensureBuilt();
});
