import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { currentUser, formatMode } from '../../keys/private-file.js';
import { errorCode } from '../../support/system-error.js';
import type { Finding } from './finding.js';

/** What became of one finding. */
export interface FixedFinding {
  readonly finding: Finding;
  /** The mode before, in octal, by which to undo it. Absent if it was not changed. */
  readonly before?: string;
  /** Why it was not changed. */
  readonly problem?: string;
}

/**
 * Takes away the permissions that the findings with a fix name, and does nothing else. Only files and folders of this user are changed, and no link is
 * followed: the mode is set on what was opened and looked at.
 */
export async function fixModes(findings: readonly Finding[]): Promise<readonly FixedFinding[]> {
  return Promise.all(findings.filter((one) => one.fix !== undefined).map(fixMode));
}

async function fixMode(finding: Finding): Promise<FixedFinding> {
  const { path = '', keep = 0 } = finding.fix ?? {};
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stats = await handle.stat();
      if (stats.uid !== currentUser() || !(stats.isFile() || stats.isDirectory()))
        return { finding, problem: 'it is not a file or folder of this user any more' };
      // Bits are only taken away: no account gets a right by it.
      await handle.chmod(stats.mode & keep & 0o777);
      return { finding, before: formatMode(stats.mode) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { finding, problem: `it could not be changed (${errorCode(error)})` };
  }
}
