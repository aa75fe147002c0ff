import { dirname } from 'node:path';
import { isFolderPrivate } from '../../keys/folder-privacy.js';
import type { ConnectionFacts } from '../connection-facts.js';
import type { Protection } from '../wire.js';
import { finding, shellWord, type Finding, type FindingId } from './finding.js';

/** A kernel whose sockets were looked at. */
export interface SeenKernel {
  readonly facts: ConnectionFacts;
  /** The name of its kernelspec, where it is known. */
  readonly kernel: string | undefined;
  readonly protection: Protection;
  /** Of an ipc kernel: whether others can enter the folder of its sockets. */
  readonly isFolderOpen: boolean;
  readonly isIpykernel: boolean;
}

/** Whether other users can reach the sockets of an ipc kernel: their own modes are those of the umask, and protect nothing. */
export async function isSocketFolderOpen({ address }: ConnectionFacts): Promise<boolean> {
  return address.transport === 'ipc' && !(await isFolderPrivate(dirname(address.ip)));
}

/** What is wrong with the protection of a running kernel. */
export function judgeKernel(seen: SeenKernel): Finding[] {
  const { facts, kernel = facts.kernelName ?? 'unknown', protection } = seen;
  const about = (id: FindingId, { found, wanted, mend }: Advice): Finding =>
    finding(id, { subject: `${kernel} (${facts.file})`, found, wanted, mend });
  const restart = `jupyter-curve start --kernel ${shellWord(kernel)} --transport-encryption required`;
  const remove = `rm -- ${shellWord(facts.file)}`;
  const hasKeys = facts.keys === 'pair' || facts.keys === 'public';
  if (protection === 'plain' && !hasKeys) return judgePlain(seen, about, restart);
  const id = protection === 'unproven' && !hasKeys ? 'keys-missing' : PROTECTIONS[protection];
  if (id === undefined) return [];
  const { mend, ...words } = WORDS[id];
  return [about(id, { ...words, mend: mend === 'restart' ? restart : mend === 'remove' ? remove : UPDATE })];
}

type Advice = Pick<Finding, 'found' | 'wanted' | 'mend'>;

const PROTECTIONS: Partial<Record<Protection, keyof typeof WORDS>> = {
  plain: 'keys-ignored',
  partly: 'partly-encrypted',
  'wrong-key': 'wrong-key',
  unproven: 'keys-unproven',
  silent: 'no-answer',
};

const WORDS = {
  'keys-ignored': {
    found: 'its file has keys, and all its sockets speak plain text',
    wanted: 'CURVE',
    mend: 'update',
  },
  'partly-encrypted': {
    found: 'its five sockets are not protected alike',
    wanted: 'CURVE on all five',
    mend: 'update',
  },
  'wrong-key': {
    found: 'what listens at its address does not hold the secret of the key in the file',
    wanted: 'the kernel of the file, or no file',
    mend: 'remove',
  },
  'keys-unproven': {
    found: 'it names CURVE, and no handshake with the key in its file completes',
    wanted: 'a handshake',
    mend: 'restart',
  },
  'keys-missing': {
    found: 'it encrypts, and its file has no keys: no client can connect',
    wanted: 'a file with its keys',
    mend: 'restart',
  },
  'no-answer': {
    found: 'a process accepts connections, and gives no answer of a kernel',
    wanted: 'an answer',
    mend: 'remove',
  },
} as const satisfies Partial<Record<FindingId, Advice>>;

const UPDATE =
  'Update the kernel and install its kernelspec again; until then start it with --transport-encryption disabled, or wrap it.';

type About = (id: FindingId, advice: Advice) => Finding;

function judgePlain({ facts, isFolderOpen, isIpykernel }: SeenKernel, about: About, mend: string): Finding[] {
  const { address, isSigned } = facts;
  const found = address.transport === 'ipc' ? [] : [plainOverTcp(address.ip, isIpykernel, about, mend)];
  if (isFolderOpen) {
    const open = `plain text, on sockets in ${dirname(address.ip)}, which others can enter`;
    found.push(about('ipc-open', { found: open, wanted: 'a folder of mode 0700, or keys', mend }));
  }
  if (!isSigned && found.length > 0) {
    const unsigned = 'messages are neither signed nor encrypted: who reaches it can run code';
    found.push(about('unsigned', { found: unsigned, wanted: 'a signature key, or CURVE', mend }));
  }
  return found;
}

function plainOverTcp(ip: string, isIpykernel: boolean, about: About, mend: string): Finding {
  const isLocal = isLoopback(ip);
  const who = isLocal ? 'every user of this machine can read its output' : 'the network can read its code and output';
  const said = isIpykernel ? ' (ipykernel warns of it: "Kernel is running over TCP without encryption")' : '';
  const found = `plain text at ${ip}: ${who}${said}`;
  return about(isLocal ? 'plain-text' : 'plain-text-network', { found, wanted: 'CURVE', mend });
}

const isLoopback = (ip: string): boolean =>
  ip === 'localhost' || ip === '::1' || ip === '[::1]' || ip.startsWith('127.');
