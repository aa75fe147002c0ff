// npm install, npm install --global . and installations from git run this: what they install is built, also in a fresh clone.
import { ensureBuilt, isBuilt } from './tasks/build.mjs';
import { ensureDependencies, NESTED } from './tasks/dependencies.mjs';
import { script } from './tasks/run.mjs';

script(async () => {
  // Whoever installs the dependencies from a script builds afterwards.
  if (process.env[NESTED] === '1' || (await isBuilt())) return;
  await ensureDependencies();
  await ensureBuilt();
});
