import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { Socket } from 'zeromq';
import { CurveKernelError } from '../errors.js';
import { errorCode, errorMessage } from './system-error.js';

/**
 * Binds `socket` to the ipc path `path`, with mode 0600, and never takes it from somebody who is there: libzmq itself deletes
 * whatever has the name, another kernel's live socket as well. So the socket is bound under a name that nobody knows, made
 * private, and then linked to its own name, which the system does for one process only. A socket file that nobody answers
 * behind is what a killed kernel leaves, and is replaced.
 *
 * Returns the function that removes the file. Throws `address-in-use` or `bind-failed`.
 */
export async function bindIpc(socket: Socket, path: string): Promise<() => void> {
  const target = resolve(path);
  await removeStale(target);
  const secret = join(dirname(target), `.${randomBytes(4).toString('hex')}`);
  try {
    socket.bindSync(`ipc://${secret}`);
    chmodSync(secret, 0o600);
    linkSync(secret, target);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') throw inUse(target);
    throw bindFailed(target, cause);
  } finally {
    unlinkQuietly(secret);
  }
  const { ino } = lstatSync(target);
  return () => {
    if (lstatSync(target, { throwIfNoEntry: false })?.ino === ino) unlinkQuietly(target);
  };
}

async function removeStale(target: string): Promise<void> {
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw bindFailed(target, new Error('a file that is no socket has this name'));
  if (await answers(target)) throw inUse(target);
  unlinkQuietly(target);
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

const inUse = (path: string): CurveKernelError =>
  new CurveKernelError('address-in-use', `Another process listens on ${path}.`, {
    hint: 'Choose another path, or end that process.',
    data: { path },
  });

const bindFailed = (path: string, cause: unknown): CurveKernelError =>
  new CurveKernelError('bind-failed', `Cannot listen on ${path}: ${errorMessage(cause)}.`, {
    hint: 'The folder must exist, be writable, and lie on a file system that has sockets and hard links.',
    cause,
    data: { path },
  });
