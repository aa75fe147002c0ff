import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findReaders, type FileReaders } from '../file-readers.js';
import type { KernelCandidate } from '../running-kernels.js';
import { finding, shellWord, type Finding } from './finding.js';

/** Files that were left are listed in a command up to so many. */
const LISTED = 20;

/** Checks the connection files and grants of this user: who can read and change them, and their keys. */
export async function checkFiles(candidates: readonly KernelCandidate[], now: number): Promise<Finding[]> {
  const found = await Promise.all(
    candidates.map(async (candidate) => [
      ...(await checkReaders(candidate.file, candidate.facts === undefined || isSecret(candidate.facts))),
      ...checkKeys(candidate),
      ...checkGrant(candidate, now),
    ]),
  );
  return found.flat();
}

const isSecret = ({ isSigned, keys }: NonNullable<KernelCandidate['facts']>): boolean => isSigned || keys === 'pair';

/** Checks who can read and change one file that is to be private. A file that is not there is in order. */
export async function checkReaders(file: string, holdsSecret: boolean): Promise<Finding[]> {
  const readers = await findReaders(file).catch(() => undefined);
  return readers === undefined ? [] : judgeReaders(file, readers, holdsSecret);
}

/** What is wrong with the mode and the owner of a file. */
export function judgeReaders(file: string, readers: FileReaders, holdsSecret: boolean): Finding[] {
  const { owner, mode = '', readableBy, writableByOthers } = readers;
  if (owner === 'another user') {
    const mend = `Find out who put it there, then: rm -- ${shellWord(file)}`;
    return [
      finding('file-foreign', {
        subject: file,
        found: 'it belongs to another user',
        wanted: 'a file of your own',
        mend,
      }),
    ];
  }
  const chmod = { mend: `chmod 600 ${shellWord(file)}`, ...fixOf(file, owner, 0o600) };
  if (writableByOthers)
    return [
      finding('file-writable', {
        subject: file,
        found: `others can change it (mode ${mode})`,
        wanted: 'mode 0600',
        ...chmod,
      }),
    ];
  if (!holdsSecret || (readableBy !== 'group' && readableBy !== 'every user')) return [];
  const who = readableBy === 'group' ? 'its group' : 'every user';
  return [
    finding('file-readable', {
      subject: file,
      found: `${who} can read its secret (mode ${mode})`,
      wanted: 'mode 0600',
      ...chmod,
    }),
  ];
}

function checkKeys({ file, facts, ownProcess }: KernelCandidate): Finding[] {
  if (facts?.problem === undefined) return [];
  const again = 'Start the kernel again, so that it gets a new pair.';
  if (facts.keys === 'public') {
    // A kernel that got its secret key by environment leaves this, too: then its process is there.
    if (ownProcess !== undefined) return [];
    const found =
      'curve_publickey without curve_secretkey, and no kernel of yours has the file: jupyter_client goes on in plain text';
    return [finding('half-pair', { subject: file, found, wanted: 'both keys, or none', mend: again })];
  }
  const { message } = facts.problem;
  const id = message.includes('half a key pair') ? 'half-pair' : 'keys-broken';
  return [finding(id, { subject: file, found: message, wanted: 'both keys of one pair, or none', mend: again })];
}

function checkGrant({ file, facts }: KernelCandidate, now: number): Finding[] {
  const ends = facts?.grant?.expiresAt;
  if (ends === undefined || Date.parse(ends) > now) return [];
  return [
    finding('grant-expired', {
      subject: file,
      found: `the grant ended at ${ends}`,
      wanted: 'no file of it',
      mend: `rm -- ${shellWord(file)}`,
    }),
  ];
}

/** One finding for all files of kernels that are gone. */
export function judgeLeftFiles(files: readonly string[], runtime: string): Finding[] {
  if (files.length === 0) return [];
  const listed = files.slice(0, LISTED).map(shellWord).join(' ');
  return [
    finding('file-left', {
      subject: runtime,
      found: `${files.length} connection ${files.length === 1 ? 'file' : 'files'} of kernels that are gone`,
      wanted: 'none',
      mend: `rm -- ${listed}${files.length > LISTED ? ' …' : ''}`,
    }),
  ];
}

/** Checks Jupyter's runtime folder: connection files are written there with the mode of the umask. */
export async function checkRuntimeFolder(folder: string): Promise<Finding[]> {
  const readers = await findReaders(folder).catch(() => undefined);
  if (readers?.mode === undefined || readers.closedFolder) return [];
  const bits = Number.parseInt(readers.mode, 8);
  const chmod = { wanted: 'mode 0700', mend: `chmod 700 ${shellWord(folder)}`, ...fixOf(folder, readers.owner, 0o700) };
  if ((bits & 0o022) !== 0)
    return [
      finding('runtime-folder-writable', {
        subject: folder,
        found: `others can put files there (mode ${readers.mode})`,
        ...chmod,
      }),
    ];
  if ((bits & 0o055) === 0) return [];
  return [
    finding('runtime-folder-open', { subject: folder, found: `others can enter it (mode ${readers.mode})`, ...chmod }),
  ];
}

/** Checks what is in Jupyter's data folder for the kernels of jupyter-curve: pairs of this user, the policy, the list of clients. */
export async function checkDataFolder(data: string): Promise<Finding[]> {
  const keys = join(data, 'curve_keys');
  const names = await readdir(keys).catch(() => []);
  const pairs = names.filter((name) => name.endsWith('.key_secret')).map((name) => join(keys, name));
  const rules = ['access_policy.yaml', 'authorized_clients'].map((name) => join(data, name));
  const found = await Promise.all([
    ...pairs.map((file) => checkReaders(file, true)),
    ...rules.map(async (file) => {
      const readers = await findReaders(file).catch(() => undefined);
      if (readers === undefined || !readers.writableByOthers) return [];
      const parts = {
        subject: file,
        found: `others can change who may do what (mode ${readers.mode ?? ''})`,
        wanted: 'mode 0644 or less',
      };
      return [
        finding('rules-writable', {
          ...parts,
          mend: `chmod go-w ${shellWord(file)}`,
          ...fixOf(file, readers.owner, 0o755),
        }),
      ];
    }),
  ]);
  return found.flat();
}

/** Only what belongs to this user is ever changed. */
const fixOf = (path: string, owner: FileReaders['owner'], keep: number): Pick<Finding, 'fix'> =>
  owner === 'this user' ? { fix: { path, keep } } : {};
