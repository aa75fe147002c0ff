import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The folder that holds package.json. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A path inside the project. */
export const inRoot = (...parts) => join(root, ...parts);

/** Prints the step that begins on standard error: standard output belongs to the program that is run. */
export const step = (text) => process.stderr.write(`\n── ${text}\n`);

// The terminal sends Ctrl-C to the whole group; the child handles it, and its exit status is passed on.
const wait = () => {};

/** Runs a program in the foreground, in the project's folder; resolves to its exit status (128 + n for signal n). */
export function run(command, args, { env = {}, cwd = root, stdio = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    const pass = () => child.kill('SIGTERM');
    process.on('SIGINT', wait);
    process.on('SIGTERM', pass);
    const settle = (finish) => (value) => {
      process.off('SIGINT', wait);
      process.off('SIGTERM', pass);
      finish(value);
    };
    child.once('error', settle(reject));
    child.once(
      'close',
      settle((code) => resolve(code ?? 130)),
    );
  });
}

/** Runs a program that must succeed; `why` says what failed otherwise. */
export async function must(why, command, args, options) {
  const status = await run(command, args, options).catch((error) => {
    throw new Error(`${why}: ${error.message}`);
  });
  if (status !== 0) throw new Error(`${why}: ${command} ended with status ${status}`);
}

/** Runs npm with the Node that runs this script. */
export function npm(why, args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js')
    ? must(why, process.execPath, [cli, ...args], options)
    : must(why, process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

/** Runs `main`, and turns a failure into one sentence and exit status 1. */
export function script(main) {
  main().then(
    (status) => (process.exitCode = status ?? 0),
    (error) => {
      process.stderr.write(`\n${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
