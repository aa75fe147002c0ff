import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findPython } from './find-python.mjs';
import { inRoot, must, run, step } from './run.mjs';

/** The folder of the environment and its requirements. */
const place = { folder: inRoot('.cache', 'venv'), requirements: inRoot('test', 'requirements.txt') };

/**
 * Returns `python`, a Python with the packages of test/requirements.txt. The environment is created when needed, updated when the requirements
 * have changed, and created again when it is incomplete or does not run any more. If that fails, returns `problem`, a sentence that says why.
 */
export async function ensurePython({ folder, requirements } = place) {
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stampFile = join(folder, 'requirements.sha256');
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = await readFile(stampFile, 'utf8').catch(() => undefined);
  // Written last and removed first, so that an environment without a stamp is incomplete.
  const whole = stamp !== undefined && existsSync(python) && (await succeeds(python, ['-m', 'pip', '--version']));
  if (whole && stamp === wanted) return { python };

  const found = whole ? { python } : await findPython();
  if (found.python === undefined) return found;
  step(`making the Python environment for the interoperation tests with ${found.python} (once)`);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
  try {
    await rm(stampFile, { force: true });
    // Not created elsewhere and renamed: an environment contains its own path.
    if (!whole) await makeEnvironment(found.python, folder);
    await must('test/requirements.txt could not be installed', python, install);
  } catch (error) {
    return { problem: `${error.message}.` };
  }
  await writeFile(stampFile, wanted);
  return { python };
}

async function makeEnvironment(python, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await must('the Python environment could not be made', python, ['-m', 'venv', folder]);
}

const succeeds = (command, args) =>
  run(command, args, { stdio: 'ignore' }).then(
    (status) => status === 0,
    () => false,
  );
