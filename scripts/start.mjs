// npm start: the main job, from a fresh clone: install, build, and run examples/tour.ipynb encrypted.
// npm start -- PATH --kernel python3 …: the same for any notebook, with any option of `jupyter-curve run`.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureBuilt } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { inRoot, run, script, step } from './tasks/run.mjs';

const command = inRoot('dist', 'cli', 'main.js');
const kernels = inRoot('.cache', 'start');

script(async () => {
  const given = process.argv.slice(2);
  await ensureDependencies();
  await ensureBuilt();
  // A place of its own, so that trying it out installs nothing in anybody's home.
  await promisify(execFile)(process.execPath, [command, 'install', '--prefix', kernels]);
  await mkdir(inRoot('artifacts'), { recursive: true });

  const ours = given.length === 0 || given[0].startsWith('-');
  const notebook = ours ? join('examples', 'tour.ipynb') : given[0];
  const options = ours ? given : given.slice(1);
  const say = (name, ...values) => (options.some((one) => one.split('=')[0] === name) ? [] : [name, ...values]);
  const policy = ours ? say('--transport-encryption', 'required') : [];
  const target = options.includes('--inplace') ? [] : say('--output', join('artifacts', basename(notebook)));
  const show = options.includes('--json') ? [] : ['--show-outputs', '--show-security'];

  step(`jupyter-curve run ${notebook}`);
  const path = [join(kernels, 'share', 'jupyter'), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  const args = ['run', notebook, ...options, ...policy, ...target, ...show];
  return run(process.execPath, [command, ...args], { env: { JUPYTER_PATH: path } });
});
