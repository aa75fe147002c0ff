import { endpoint } from '../../connection/endpoints.js';
import { SOCKET_NAMES } from '../../connection/per-socket.js';
import { SECRET_VARIABLE } from '../../connection/connection-info.js';
import { fingerprint } from '../../keys/fingerprint.js';
import type { ConnectionFacts } from '../connection-facts.js';
import { fact, type Content, type Fact, type Problem } from './inspection.js';

/** Explains a connection file, or the grant that one is. `now` is in milliseconds since 1970. */
export function inspectConnection(facts: ConnectionFacts, now: number): Content {
  const isGrant = facts.grant !== undefined || facts.keys === 'own-key';
  return {
    kind: isGrant ? 'grant' : 'connection-file',
    title: isGrant ? 'a grant: a connection file with rights of its own' : TITLES[facts.keys],
    facts: [...placeFacts(facts), ...keyFacts(facts), ...grantFacts(facts)],
    problems: problemsOf(facts, now),
    isSecret: facts.isSigned || facts.keys === 'pair',
  };
}

const TITLES = {
  none: 'a connection file for plain text: all that reach the kernel can read what it sends',
  pair: 'a connection file with the keys of the kernel: a client that has it is the owner',
  'own-key': 'a grant',
  public: 'a connection file without the secret key of the kernel',
  broken: 'a connection file with keys that cannot be used',
} as const;

function placeFacts({ address, kernelName }: ConnectionFacts): Fact[] {
  const { transport, ip, ports } = address;
  const numbers = SOCKET_NAMES.map((name) => `${name} ${ports[name]}`).join(', ');
  const where =
    transport === 'ipc'
      ? `ipc sockets ${ip}-${ports.shell} and so on (${numbers})`
      : `tcp, ${describeHost(ip)}, ports: ${numbers}`;
  const endpoints = Object.fromEntries(SOCKET_NAMES.map((name) => [name, endpoint(address, name)]));
  return [
    ...(kernelName === undefined ? [] : [fact('kernel_name', 'kernel', kernelName)]),
    fact('endpoints', 'leads to', where, endpoints),
  ];
}

/** The reach of an address, in words. */
export function describeHost(ip: string): string {
  if (ip === '*' || ip === '0.0.0.0' || ip === '::' || ip === '[::]')
    return `${ip}, which is every address of this machine`;
  return ip === 'localhost' || ip === '::1' || ip.startsWith('127.') ? `${ip}, which is this machine alone` : ip;
}

function keyFacts({ keys, grant, publicKey, clientPublicKey, signatureScheme, isSigned }: ConnectionFacts): Fact[] {
  const facts = [
    fact(
      'signatures',
      'signatures',
      isSigned ? signatureScheme : 'none: every program that reaches the kernel can run code',
      isSigned ? signatureScheme : null,
    ),
    fact('keys', 'encryption', grant && keys === 'pair' ? OF_GRANT : ENCRYPTION[keys], keys),
  ];
  const add = (name: string, label: string, key: string | undefined): void => {
    if (key !== undefined) facts.push(fact(name, label, fingerprint(key)));
  };
  add('kernel_fingerprint', 'kernel key', publicKey);
  add('client_fingerprint', 'client key', clientPublicKey);
  return facts;
}

const ENCRYPTION = {
  none: 'no keys: plain text',
  pair: 'CURVE, with the public and the secret key of one pair, which all clients share',
  'own-key': "CURVE, for a client's own key; its secret is not in this file",
  public: `CURVE, with the public key alone; the secret key may have been given by ${SECRET_VARIABLE}`,
  broken: 'CURVE, with keys that cannot be used',
} as const;

const OF_GRANT = 'CURVE, with a pair that the kernel made for this grant';

function grantFacts({ grant, keys }: ConnectionFacts): Fact[] {
  if (grant === undefined) return [];
  const { name, roles, expiresAt } = grant;
  const holder = keys === 'own-key' ? 'the holder of that key' : 'a client that has this file';
  return [
    fact('grant_name', 'granted to', `${name}: ${holder}`, name),
    roles === undefined
      ? fact('grant_roles', 'roles', 'the kernel knows them ("jupyter-curve clients")', null)
      : fact('grant_roles', 'roles', `${roles.join(', ')}, when it was granted`, [...roles]),
    fact('grant_expires_at', 'ends', expiresAt ?? 'with the kernel', expiresAt ?? null),
  ];
}

function problemsOf({ problem, keys, grant, address, isSigned }: ConnectionFacts, now: number): Problem[] {
  const problems: Problem[] = [];
  // A public key alone is what a kernel that got its secret by environment leaves in its file.
  if (problem !== undefined && keys !== 'public') problems.push({ message: problem.message, hint: problem.hint });
  if (!isSigned && address.transport === 'tcp' && keys === 'none')
    problems.push({
      message: 'Messages are neither signed nor encrypted: every program that reaches the ports can run code.',
      hint: 'Start the kernel with keys: "jupyter-curve start".',
    });
  if (grant?.expiresAt !== undefined && Date.parse(grant.expiresAt) <= now)
    problems.push({
      message: `The grant ended at ${grant.expiresAt}.`,
      hint: 'Ask the owner of the kernel for another one.',
    });
  return problems;
}
