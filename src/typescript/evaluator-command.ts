/** The command line of the evaluator, and its environment. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CurveKernelError } from '../errors.js';
import { withoutSpecEnvironment } from '../support/spec-environment.js';

/** A program and its arguments, as `spawn` takes them. */
export interface EvaluatorCommand {
  readonly file: string;
  readonly arguments: readonly string[];
}

/** Found from this folder, and from any folder beside it that this module is bundled to. */
const MAIN = fileURLToPath(new URL('../typescript/evaluator/evaluator.cjs', import.meta.url));
/** All that an evaluator loads, in one file. */
export const EVALUATOR_BUNDLE = fileURLToPath(
  new URL('../typescript/evaluator/evaluator-process.cjs', import.meta.url),
);

/**
 * The command line of an evaluator. It names no connection file.
 *
 * @throws CurveKernelError 'evaluator-failed' when `execPath` cannot be run
 */
export async function evaluatorCommand(execPath: string, arguments_: readonly string[]): Promise<EvaluatorCommand> {
  const version = execPath === process.execPath ? process.versions.node : await nodeVersion(execPath);
  const flags = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // By the first, SIGUSR1 opens no inspector, which any account of this machine could use: from 22.14 and 23.7 on.
  if (major >= 24 || (major === 23 && minor >= 7) || (major === 22 && minor >= 14)) flags.push('--disable-sigusr1');
  // The second exists from 22.7 on; from 24 on it is the default.
  if ((major === 22 && minor >= 7) || major === 23) flags.push('--experimental-async-context-frame');
  return { file: execPath, arguments: [...flags, ...arguments_, MAIN] };
}

async function nodeVersion(execPath: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(execPath, ['--version']);
    return stdout.trim().replace(/^v/, '');
  } catch (error) {
    throw new CurveKernelError('evaluator-failed', `${execPath} could not be run.`, {
      hint: 'Give execPath a Node binary, version 20.19 or later.',
      cause: error,
    });
  }
}

/** Variables that lead to keys, to the connection file, or to a channel of the kernel's own. */
const WITHHELD = [/^JUPYTER_CURVE_/, /^JPY_/, /^JUPYTER_TOKEN$/, /^NODE_CHANNEL_/, /^NODE_UNIQUE_ID$/];

/** Front ends show colours, and a pager would wait for keys that never come: as ipykernel sets them. */
const COLOURS = { CLICOLOR: '1', CLICOLOR_FORCE: '1', FORCE_COLOR: '1' };
const PAGERS = { PAGER: 'cat', GIT_PAGER: 'cat' };
/** Describes the front end, whatever terminal the kernel was started from. */
const TERMINAL = { TERM: 'xterm-color' };

/**
 * The environment of cells and their children: `env` without anything that leads to the kernel's keys, in its names or in its values,
 * and with what programs are to know of the front end. Colours and pagers that `env` sets stay as they are, as does `NO_COLOR`.
 */
export function evaluatorEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const allowed = Object.entries(withoutSpecEnvironment(env)).filter(
    ([name, value]) => !WITHHELD.some((each) => each.test(name)) && !/kernel-[^/\\]*\.json/.test(value ?? ''),
  );
  const isPlain = (env['NO_COLOR'] ?? '') !== '' || env['FORCE_COLOR'] === '0';
  return {
    ...PAGERS,
    ...(!isPlain && COLOURS),
    ...Object.fromEntries(allowed),
    ...TERMINAL,
  };
}
