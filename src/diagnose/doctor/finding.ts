/** How bad it is: `error`: others can read or change what is yours, or encryption is not what it claims; `warning`: less than it could be, or about to fail. */
export type Severity = 'note' | 'warning' | 'error';

/** Every finding of `doctor`, with its severity; docs/doctor.md explains each. */
export const FINDINGS = {
  // kernelspecs
  'spec-broken': 'warning',
  'spec-plain': 'note',
  'spec-outdated': 'warning',
  'spec-overclaims': 'error',
  'spec-program-missing': 'warning',
  'spec-writable': 'error',
  'spec-lies': 'error',
  'spec-does-not-start': 'warning',
  'relay-target-missing': 'error',
  'relay-target-changed': 'note',
  'relay-inner-tcp': 'warning',
  // files and folders
  'runtime-folder-open': 'warning',
  'runtime-folder-writable': 'error',
  'file-readable': 'error',
  'file-writable': 'error',
  'file-foreign': 'warning',
  'file-left': 'note',
  'half-pair': 'error',
  'keys-broken': 'error',
  'grant-expired': 'note',
  'rules-writable': 'error',
  // running kernels
  'plain-text': 'warning',
  'plain-text-network': 'error',
  'ipc-open': 'error',
  unsigned: 'error',
  'keys-ignored': 'error',
  'partly-encrypted': 'error',
  'wrong-key': 'error',
  'keys-unproven': 'warning',
  'keys-missing': 'warning',
  'no-answer': 'note',
  // debuggers
  'debugger-port': 'warning',
  'debugger-port-network': 'error',
  // versions
  'jupyter-client-old': 'warning',
  'jupyter-client-broken': 'warning',
  'ipykernel-old': 'warning',
  'jupyter-server-old': 'warning',
  'pyzmq-without-curve': 'warning',
  // the server
  'server-nodelay': 'note',
} as const satisfies Record<string, Severity>;

/** The id of a finding. */
export type FindingId = keyof typeof FINDINGS;

/** A mode to set on a file or folder of this user. */
export interface ModeFix {
  readonly path: string;
  /** The permission bits that may stay; all others are taken away. */
  readonly keep: number;
}

/** Something that could be better, and how to mend it. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** The file, kernel or package that it is about. */
  readonly subject: string;
  readonly found: string;
  readonly wanted: string;
  /** A command, or lines of a configuration; of a finding that no command mends, a sentence. */
  readonly mend: string;
  /** Present where `doctor --fix` mends it. */
  readonly fix?: ModeFix;
}

/** Makes a finding with the severity of its id. */
export function finding(id: FindingId, parts: Omit<Finding, 'id' | 'severity'>): Finding {
  return { id, severity: FINDINGS[id], ...parts };
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** The worst first; those alike by id and subject. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ severity, id, subject }: Finding): string => `${ORDER.indexOf(severity)} ${id} ${subject}`;
  return findings.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** The worst severity; undefined where nothing was found. */
export const worstOf = (findings: readonly Finding[]): Severity | undefined =>
  ORDER.find((severity) => findings.some((one) => one.severity === severity));

/** A path as a word for a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
