/** The account that the evaluator runs as: by default the kernel's own, else one which can read less. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CurveKernelError } from '../errors.js';

/** An account of this system. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Names that are safe in the shell's `~NAME`. */
const NAME = /^[A-Za-z_][\w.-]{0,31}$/;
const LOOK_UP = 'id -u "$1" && id -g "$1" && eval "echo ~$1"';

/**
 * The account of that name, as which this process may start others: root may use any, all others only their own.
 *
 * @throws CurveKernelError 'evaluator-failed'
 */
export async function findAccount(name: string): Promise<Account> {
  const own = process.geteuid?.();
  if (own === undefined) throw accountError(name, 'this system has no accounts that a process could switch to');
  if (!NAME.test(name)) throw accountError(name, 'that is no name for an account');
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)('/bin/sh', ['-c', LOOK_UP, 'sh', name]));
  } catch (cause) {
    throw accountError(name, 'there is no such account', cause);
  }
  const [uid, gid, home = '/'] = stdout.trimEnd().split('\n');
  const account = { name, uid: Number(uid), gid: Number(gid), home };
  if (own !== 0 && own !== account.uid)
    throw accountError(name, 'the kernel does not run as root, who alone may switch');
  return account;
}

/** `env` for that account: with its home and name, and without the places of the kernel's account. */
export function accountEnvironment(env: NodeJS.ProcessEnv, { name, home }: Account): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([variable]) => !/^(XDG_|SUDO_|JUPYTER_|MAIL$)/.test(variable));
  return { ...Object.fromEntries(kept), HOME: home, USER: name, LOGNAME: name };
}

const accountError = (name: string, problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('evaluator-failed', `Cells cannot be run as "${name.slice(0, 64)}": ${problem}.`, {
    hint: 'Name another account, start the kernel as root, or let cells run as the account of the kernel.',
    cause,
  });
