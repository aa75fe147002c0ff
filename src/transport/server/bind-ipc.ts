import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import type { Socket } from 'zeromq';
import { CurveKernelError } from '../../errors.js';
import { errorCode, errorMessage } from '../../support/system-error.js';

/**
 * Binds `socket` to the ipc path `path`, with mode 0600, and never takes it from a process that listens there: libzmq itself deletes
 * any file of that name, another kernel's live socket as well. So the socket is bound under a random name, made private, and then linked
 * to its own name, which the system does for one process only. A socket file without a listener is what a killed kernel leaves, and is
 * replaced; when several kernels start there at once, one of them gets the name.
 *
 * Returns the function that removes the file. Throws `address-in-use` or `bind-failed`.
 */
export async function bindIpc(socket: Socket, path: string): Promise<() => void> {
  await removeStale(path);
  const secret = freeName(path);
  // The path is bound as it is given, since an absolute one may be longer than a socket's may be; to remove it is another matter.
  const target = resolve(path);
  try {
    socket.bindSync(`ipc://${secret}`);
    chmodSync(secret, 0o600);
    linkSync(secret, path);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') throw inUseError(path);
    throw bindError(path, cause);
  } finally {
    unlinkQuietly(secret);
  }
  const { ino } = lstatSync(target);
  return () => {
    if (lstatSync(target, { throwIfNoEntry: false })?.ino === ino) unlinkQuietly(target);
  };
}

/**
 * Between the test for a listener and the removal, another kernel may have put its socket in the place of the stale one.
 * So the file is renamed first, which only one process can do, and tested again.
 */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw bindError(path, new Error('a file that is no socket has this name'));
  if (await answers(path)) throw inUseError(path);
  const aside = freeName(path);
  try {
    renameSync(path, aside);
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return;
    throw bindError(path, cause);
  }
  try {
    if (!(await answers(aside))) return;
    putBack(aside, path);
  } finally {
    unlinkQuietly(aside);
  }
  throw inUseError(path);
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (cause) {
    if (errorCode(cause) !== 'EEXIST') throw bindError(path, cause);
  }
}

/** A name beside `path` that nothing has, since libzmq deletes what it finds; no longer than that of `path`, so that it fits too. */
function freeName(path: string): string {
  for (;;) {
    const random = randomBytes(6).toString('base64url');
    const name = join(dirname(path), `.${random.slice(0, basename(path).length - 1)}`);
    if (!lstatSync(name, { throwIfNoEntry: false })) return name;
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((settle) => {
    const connection = connect(path);
    connection
      .once('connect', () => settle(true))
      .once('error', (error) => settle(errorCode(error) !== 'ECONNREFUSED'));
    connection.once('connect', () => connection.destroy());
  });

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}

const inUseError = (path: string): CurveKernelError =>
  new CurveKernelError('address-in-use', `Another process listens on ${path}.`, {
    hint: 'Choose another path, or end that process.',
    data: { path },
  });

const bindError = (path: string, cause: unknown): CurveKernelError =>
  new CurveKernelError('bind-failed', `Cannot listen on ${path}: ${errorMessage(cause)}.`, {
    hint: 'The folder must exist, be writable, and lie on a file system that has sockets and hard links.',
    cause,
    data: { path },
  });
