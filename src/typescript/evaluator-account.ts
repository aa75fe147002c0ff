/** Whose process the evaluator is: by default the kernel's own account's, else that of an account which can read less. */
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
 * The account of that name, as which this process may start others: any for root, its own for everybody else. Throws 'evaluator-failed'.
 */
export async function findAccount(name: string): Promise<Account> {
  const own = process.geteuid?.();
  if (own === undefined) throw refuse(name, 'this system has no accounts that a process could switch to');
  if (!NAME.test(name)) throw refuse(name, 'that is no name for an account');
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)('/bin/sh', ['-c', LOOK_UP, 'sh', name]));
  } catch (cause) {
    throw refuse(name, 'there is no such account', cause);
  }
  const [uid, gid, home = '/'] = stdout.trimEnd().split('\n');
  const account = { name, uid: Number(uid), gid: Number(gid), home };
  if (own !== 0 && own !== account.uid) throw refuse(name, 'the kernel does not run as root, who alone may switch');
  return account;
}

/** `env` as that account has it: at home, under its name, and without the places that are the kernel's account's. */
export function accountEnvironment(env: NodeJS.ProcessEnv, { name, home }: Account): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([variable]) => !/^(XDG_|SUDO_|JUPYTER_|MAIL$)/.test(variable));
  return { ...Object.fromEntries(kept), HOME: home, USER: name, LOGNAME: name };
}

const refuse = (name: string, problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('evaluator-failed', `cells cannot be run as "${name.slice(0, 64)}": ${problem}`, {
    hint: 'name another account, start the kernel as root, or let cells run as the account of the kernel',
    cause,
  });
