import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { inRoot, must, run, step } from './run.mjs';

const folder = inRoot('.cache', 'venv');
const requirements = inRoot('test', 'requirements.txt');
const stampFile = inRoot('.cache', 'venv', 'requirements.sha256');

/** Path of the Python that holds exactly test/requirements.txt, made when needed; undefined where that is impossible. */
export async function ensurePython() {
  const python = process.platform === 'win32' ? `${folder}\\Scripts\\python.exe` : `${folder}/bin/python`;
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = await readFile(stampFile, 'utf8').catch(() => undefined);
  if (stamp === wanted && existsSync(python)) return python;

  step('making the Python environment for the interoperation tests (once)');
  if (!existsSync(python) && !(await succeeds('python3', ['-m', 'venv', folder]))) return undefined;
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  await must('test/requirements.txt could not be installed', python, install);
  await writeFile(stampFile, wanted);
  return python;
}

const succeeds = (command, args) =>
  run(command, args).then(
    (status) => status === 0,
    () => false,
  );
