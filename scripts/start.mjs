// npm start: the main job, from a fresh clone: install, build, and run examples/tour.ipynb encrypted.
// npm start -- PATH --kernel python3 …: the same for any notebook, with any option of `jupyter-curve run`.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, delimiter, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ensureBuilt } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { readRunArguments } from './tasks/run-arguments.mjs';
import { inRoot, run, script, step } from './tasks/run.mjs';

const command = inRoot('dist', 'cli', 'main.js');
const place = inRoot('.cache', 'start');

script(async () => {
  const args = process.argv.slice(2);
  await ensureDependencies();
  await ensureBuilt();
  await promisify(execFile)(process.execPath, [command, 'install', '--prefix', place]);
  await mkdir(inRoot('artifacts'), { recursive: true });

  // npm changes to the project's folder; paths are relative to the folder it was called from.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const { notebook = relative(cwd, inRoot('examples', 'tour.ipynb')), given } = readRunArguments(args);
  const ours = !args.includes(notebook);
  const say = (name, value) =>
    given.has(name) || given.has(`no-${name}`) ? [] : [`--${name}`, ...(value === undefined ? [] : [value])];
  const target = relative(cwd, inRoot('artifacts', basename(notebook)));
  const added = [
    ...(ours ? [notebook, ...say('transport-encryption', 'required')] : []),
    ...(given.has('inplace') ? [] : say('output', target)),
    ...(given.has('json') ? [] : [...say('show-outputs'), ...say('show-security')]),
  ];

  step(`jupyter-curve run ${notebook}`);
  const env = given.has('existing') ? {} : await placeOfItsOwn();
  return run(process.execPath, [command, 'run', ...args, ...added], { cwd, env });
});

/** Folders below .cache, so that a trial leaves nothing in the user's home. Kernels that are installed there are found all the same. */
async function placeOfItsOwn() {
  const { jupyterDataFolder } = await import(pathToFileURL(inRoot('dist', 'launch', 'jupyter-paths.js')).href);
  const data = join(place, 'share', 'jupyter');
  const others = [process.env.JUPYTER_PATH, await jupyterDataFolder()].filter(Boolean);
  return {
    JUPYTER_PATH: [data, ...others].join(delimiter),
    JUPYTER_DATA_DIR: data,
    JUPYTER_RUNTIME_DIR: join(data, 'runtime'),
  };
}
