import { errorCode } from '../../support/system-error.js';
import { constants } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CurveKernelError } from '../../errors.js';
import { isAlive, isProcessMark, markProcess, type ProcessMark } from '../../support/process-start.js';

/** Milliseconds within which the maker of a lock has also written its process mark. */
const WRITING = 100;

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Takes an audit for one kernel, by a file beside it: two that append to one file destroy each other's chain. Resolves with how to give
 * it back. What a killed kernel left is taken over.
 *
 * @throws CurveKernelError 'grant-failed' while another kernel has it; what the file system says
 */
export async function lockAudit(file: string): Promise<() => Promise<void>> {
  const lock = `${file}.lock`;
  const mark = JSON.stringify(await markProcess());
  for (let tries = 0; tries < 2; tries++) {
    try {
      await writeFile(lock, mark, { flag: 'wx', mode: 0o600 });
      return () => rm(lock, { force: true });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = (await readMark(lock)) ?? (await sleep(WRITING).then(async () => readMark(lock)));
    if (holder && (await isAlive(holder))) break;
    await rm(lock, { force: true });
  }
  throw new CurveKernelError('grant-failed', `Another kernel writes into the audit ${basename(file)}.`, {
    hint: `Give each kernel an audit of its own; if there is no other, remove ${lock}.`,
  });
}

async function readMark(lock: string): Promise<ProcessMark | undefined> {
  try {
    // What is no file may never say anything.
    const handle = await open(lock, READ_FLAGS);
    try {
      const mark: Partial<ProcessMark> = JSON.parse(
        (await handle.stat()).isFile() ? await handle.readFile('utf8') : '',
      );
      return isProcessMark(mark) ? mark : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
