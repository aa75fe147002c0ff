import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isCurveKernelError } from '../../errors.js';
import { readKernelSpec, type KernelSpec } from '../../launch/kernelspec.js';
import { findExecutable } from '../../launch/python-prefix.js';
import { isObject } from '../../support/is-object.js';
import { succeeds } from '../../support/succeeds.js';
import { findReaders } from '../file-readers.js';
import { kernelKind } from '../kernelspec-facts.js';
import { NEEDED, install } from './check-versions.js';
import { finding, shellWord, type Finding } from './finding.js';
import { isIpykernel, isOlder } from './python-packages.js';

/** A kernelspec, and the Python environment that it runs in. */
export interface SpecFacts {
  readonly spec: KernelSpec;
  /** Of the Python that it starts, if it starts one. */
  readonly prefix?: string;
  /** The version of ipykernel there. */
  readonly ipykernel?: string;
}

/** What a kernelspec claims, held against what is known of its program. */
export function judgeClaim({ spec, prefix = '', ipykernel }: SpecFacts): Finding[] {
  const subject = `${spec.name} (${spec.resourceDir})`;
  const kind = kernelKind(spec);
  if (kind === 'relayed') return isInnerTcp(spec) ? [innerTcp(subject, spec.name)] : [];
  const isOld = ipykernel !== undefined && isOlder(ipykernel, NEEDED.ipykernel);
  if (kind === 'native') {
    if (!isIpykernel(spec) || !isOld) return [];
    const found = `it says that it takes Curve keys, and ipykernel ${ipykernel} ignores them`;
    const mend = install(prefix, `ipykernel>=${NEEDED.ipykernel}`);
    return [finding('spec-overclaims', { subject, found, wanted: `ipykernel ${NEEDED.ipykernel} or later`, mend })];
  }
  if (isIpykernel(spec) && ipykernel !== undefined && !isOld) {
    const found = `ipykernel ${ipykernel} takes Curve keys, and its kernelspec, of an older version, does not say so: it gets none`;
    const mend = `${shellWord(`${prefix}/bin/python`)} -m ipykernel install --prefix ${shellWord(prefixOf(spec, prefix))} --name ${shellWord(spec.name)}`;
    return [finding('spec-outdated', { subject, found, wanted: 'a kernelspec of that version', mend })];
  }
  const found = 'it says nothing of Curve: its kernels talk plain text';
  return [
    finding('spec-plain', {
      subject,
      found,
      wanted: 'an encrypted kernel',
      mend: `jupyter-curve wrap ${shellWord(spec.name)}`,
    }),
  ];
}

const prefixOf = (spec: KernelSpec, fallback: string): string =>
  /^(.+)[/\\]share[/\\]jupyter[/\\]kernels[/\\][^/\\]+$/.exec(spec.resourceDir)?.[1] ?? fallback;

const isInnerTcp = ({ argv }: KernelSpec): boolean =>
  argv.some((one, index) => one === '--inner=tcp' || (one === '--inner' && argv[index + 1] === 'tcp'));

const innerTcp = (subject: string, name: string): Finding =>
  finding('relay-inner-tcp', {
    subject,
    found: 'the kernel behind the relay listens on loopback tcp: every user of this machine can read its output there',
    wanted: 'private ipc sockets, where the kernel can do ipc',
    mend: `jupyter-curve wrap ${shellWord(name)} --inner ipc`,
  });

/** Checks what lies around a kernelspec: its program, who can change it, and the kernelspec that it relays. */
export async function checkKernelspec(facts: SpecFacts, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { spec } = facts;
  const found = await Promise.all([checkProgram(spec, env), checkOwner(spec), checkRelayed(spec)]);
  return [...judgeClaim(facts), ...found.flat()];
}

async function checkProgram(spec: KernelSpec, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const [program = ''] = spec.argv;
  const isThere = isAbsolute(program)
    ? await succeeds(access(program, constants.X_OK))
    : program.startsWith('~') ||
      program.includes('{') ||
      (await findExecutable([program], env)) !== undefined ||
      program.startsWith('python');
  if (isThere) return [];
  return [
    finding('spec-program-missing', {
      subject: `${spec.name} (${spec.resourceDir})`,
      found: `its program ${program === '' ? 'is not named' : `${program} is not there`}`,
      wanted: 'a program that can be run',
      mend: `Install the kernel again, or: rm -r -- ${shellWord(spec.resourceDir)}`,
    }),
  ];
}

/** Write access to a kernelspec is the right to run code as all who start it. */
async function checkOwner({ name, resourceDir }: KernelSpec): Promise<Finding[]> {
  const file = join(resourceDir, 'kernel.json');
  for (const path of [file, resourceDir, dirname(resourceDir)]) {
    const readers = await findReaders(path).catch(() => undefined);
    // In a sticky folder, such as /tmp, others cannot replace what is not theirs.
    const isSticky = path !== file && (Number.parseInt(readers?.mode ?? '0', 8) & 0o1000) !== 0;
    const isReplaceable = readers?.writableByOthers === true && !isSticky;
    if (readers === undefined || !(isReplaceable || readers.owner === 'another user')) continue;
    const found =
      readers.owner === 'another user'
        ? `${path} belongs to another user`
        : `others can change ${path} (mode ${readers.mode ?? ''})`;
    const parts = {
      subject: `${name} (${resourceDir})`,
      found: `${found}: they can run code as you`,
      wanted: 'your own, or of root, and mode 0755',
    };
    const fix = readers.owner === 'this user' ? { fix: { path, keep: 0o755 } } : {};
    return [finding('spec-writable', { ...parts, mend: `chmod go-w ${shellWord(path)}`, ...fix })];
  }
  return [];
}

async function checkRelayed(spec: KernelSpec): Promise<Finding[]> {
  const ours = spec.metadata['jupyter_curve'];
  const relays = isObject(ours) ? ours['relays'] : undefined;
  if (!isObject(relays) || typeof relays['spec'] !== 'string') return [];
  const folder = relays['spec'];
  const subject = `${spec.name} (${spec.resourceDir})`;
  if (folder === spec.resourceDir) return [];
  const inner = await readKernelSpec(basename(folder), folder).catch((error: unknown) => {
    if (isCurveKernelError(error)) return undefined;
    throw error;
  });
  const again = `jupyter-curve wrap ${shellWord(typeof relays['name'] === 'string' ? relays['name'] : 'NAME')} --as ${shellWord(spec.name)}`;
  if (inner === undefined)
    return [
      finding('relay-target-missing', {
        subject,
        found: `the kernelspec that it relays is not in ${folder}`,
        wanted: 'a kernelspec there',
        mend: again,
      }),
    ];
  const hash = createHash('sha256').update(JSON.stringify(inner.raw)).digest('hex');
  if (hash === relays['sha256']) return [];
  return [
    finding('relay-target-changed', {
      subject,
      found: `the kernelspec in ${folder} has changed since it was wrapped; the relay starts it as it is now`,
      wanted: 'the name, logos and metadata of the new one',
      mend: again,
    }),
  ];
}
