// npm run pictures: docs/pictures anew, from real runs: a terminal as SVG, and JupyterLab in a browser as PNG.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from './tasks/build.mjs';
import { ensureDependencies } from './tasks/dependencies.mjs';
import { jest } from './tasks/jest-run.mjs';
import { ensurePython } from './tasks/python-environment.mjs';
import { inRoot, root, run, script, step } from './tasks/run.mjs';
import { screenOf } from './tasks/terminal-screen.mjs';
import { terminalSvg } from './tasks/terminal-svg.mjs';

const COLUMNS = 92;
const TITLE = 'The first commands of README.md in a terminal, and what they print';

script(async () => {
  await ensureDependencies();
  await build();
  await mkdir(inRoot('docs', 'pictures'), { recursive: true });
  step('docs/pictures/terminal.svg');
  await writeFile(inRoot('docs', 'pictures', 'terminal.svg'), await terminalPicture());
  step('docs/pictures/jupyterlab.png');
  const { python, problem } = await ensurePython();
  if (python === undefined) throw new Error(problem);
  const env = { JUPYTER_CURVE_TEST_PYTHON: python, UPDATE_PICTURES: '1', JUPYTER_CURVE_REQUIRE_ALL: '1' };
  return run(process.execPath, [...jest, 'test/process/docs/pictures.test.ts'], { env });
});

/** Runs README's first commands in an empty home. What names that home is written as `~`. */
async function terminalPicture() {
  const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(await readFile(inRoot('README.md'), 'utf8')) ?? [];
  const home = await mkdtemp(join(tmpdir(), 'jc-home-'));
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(JUPYTER|JPY_|NODE_|XDG_|VIRTUAL_ENV|CONDA|npm_(?!config_(registry|cache)$))/.test(name),
  );
  const path = [join(home, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
  // npm's spinner and its advice on other packages are no part of the picture.
  const npm = { npm_config_prefix: home, npm_config_progress: 'false', npm_config_loglevel: 'error' };
  const env = { ...Object.fromEntries(inherited), ...npm, HOME: home, PATH: path, TERM: 'xterm' };
  try {
    await mkdir(join(home, 'lib'));
    let output = '';
    for (const line of block.trim().split('\n')) {
      const command = line.replace(/ +#.*/, '');
      output += `\x1b[1;32m$\x1b[0m \x1b[1m${command}\x1b[0m\n${await inTerminal(command, env)}`;
    }
    return terminalSvg(screenOf(output.replaceAll(home, '~').trimEnd(), COLUMNS), COLUMNS, TITLE);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What a command writes to a terminal of its own, which util-linux's `script` makes. */
async function inTerminal(command, env) {
  const typed = `stty cols ${COLUMNS} rows 50; ${command}`;
  const { stdout } = await promisify(execFile)('script', ['-qec', typed, '/dev/null'], { env, cwd: root });
  return stdout.replaceAll('\r\n', '\n');
}
