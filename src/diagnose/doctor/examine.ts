import { isCurveKernelError } from '../../errors.js';
import { findKernelSpecs } from '../../launch/find-kernelspecs.js';
import { jupyterPaths } from '../../launch/jupyter-paths.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { findPythonPrefix } from '../../launch/python-prefix.js';
import { definedOnly } from '../../support/defined-only.js';
import { isServed, protectionBy, specOf } from '../kernel-status.js';
import type { ConnectionFacts } from '../connection-facts.js';
import type { OpenKernelLink } from '../kernel-link.js';
import { findCandidates, type Candidates, type KernelCandidate } from '../running-kernels.js';
import { lookAtWire, type Protection } from '../wire.js';
import { checkDebuggers } from './check-debuggers.js';
import { checkDataFolder, checkFiles, checkRuntimeFolder, judgeLeftFiles } from './check-files.js';
import { checkKernelspec } from './check-kernelspecs.js';
import { checkServer } from './check-server.js';
import { judgeVersions } from './check-versions.js';
import { isSocketFolderOpen, judgeKernel } from './check-wire.js';
import { finding, sortFindings, type Finding } from './finding.js';
import { hasCurve, isIpykernel, pythonPrefixOf, readPythonPackages, type PythonPackages } from './python-packages.js';

/** Options of {@link examine}. */
export interface ExamineOptions {
  /** Connects to kernels that jupyter-curve serves, which look at greetings as at refused strangers. */
  readonly openLink: OpenKernelLink;
  readonly env?: NodeJS.ProcessEnv;
  /** Also kernels outside Jupyter's runtime folder. */
  readonly everywhere?: boolean;
  /** Milliseconds for each look at a kernel. Default: 2,000. */
  readonly timeout?: number;
}

/** What was examined, and what was found. */
export interface Examination {
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly kernelspecs: number;
  readonly kernels: number;
  /** Python environments, by their prefix. */
  readonly environments: readonly string[];
  /** The kernelspecs that say that their kernels take keys. */
  readonly claiming: readonly KernelSpec[];
}

const TIMEOUT = 2_000;

/**
 * Examines every kernelspec, every running kernel of this user, their files and folders, and the Python environments that they use. Changes nothing, starts no kernel,
 * and sends nothing but greetings, and handshakes of the heartbeat, to the addresses that connection files of this user name.
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { env = process.env } = options;
  const broken: Finding[] = [];
  const active = await findPythonPrefix(env);
  const [paths, specs, candidates] = await Promise.all([
    jupyterPaths({ env, ...(active && { python: active }) }),
    findKernelSpecs({ env, onWarning: ({ message, hint }) => broken.push(brokenSpec(message, hint)) }),
    findCandidates(definedOnly({ env, everywhere: options.everywhere })),
  ]);
  const environments = await findEnvironments([...specs.values()], active?.path);
  const kernels = await examineKernels(candidates, specs, options);
  const gone = kernels.filter(
    ({ protection, candidate }) => protection === 'gone' && candidate.ownProcess === undefined,
  );
  const goneFiles = new Set(gone.map(({ candidate }) => candidate.file));
  const found = await Promise.all([
    ...[...specs.values()].map(async (spec) => examineSpec(spec, environments, active?.path, env)),
    ...environments.map(async (one) => judgeVersions(one, await hasCurve(one))),
    ...environments.map((one) => checkServer(one, paths.config)),
    checkRuntimeFolder(paths.runtime),
    checkDataFolder(paths.userData),
    checkFiles(
      [...candidates.kernels, ...candidates.grants].filter(({ file }) => !goneFiles.has(file)),
      Date.now(),
    ),
  ]);
  return {
    findings: sortFindings([
      ...broken,
      ...found.flat(),
      ...kernels.flatMap((one) => one.findings),
      ...judgeLeftFiles([...goneFiles], paths.runtime),
    ]),
    kernelspecs: specs.size,
    kernels: kernels.length - gone.length,
    environments: environments.map((one) => one.prefix),
    claiming: [...specs.values()].filter((spec) => spec.supportsCurve),
  };
}

const brokenSpec = (found: string, mend: string): Finding =>
  finding('spec-broken', {
    subject: /(\/\S+)/.exec(found)?.[1] ?? 'a kernelspec',
    found,
    wanted: 'a kernelspec that can be used',
    mend,
  });

async function findEnvironments(
  specs: readonly KernelSpec[],
  active: string | undefined,
): Promise<readonly PythonPackages[]> {
  const used = await Promise.all(specs.map((spec) => pythonPrefixOf(spec, active)));
  const prefixes = new Set([active, ...used].filter((one) => one !== undefined));
  const read = await Promise.all([...prefixes].map(readPythonPackages));
  return read.filter(({ versions }) => versions.size > 0);
}

async function examineSpec(
  spec: KernelSpec,
  environments: readonly PythonPackages[],
  active: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const prefix = await pythonPrefixOf(spec, active);
  const ipykernel = environments.find((one) => one.prefix === prefix)?.versions.get('ipykernel');
  return checkKernelspec(definedOnly({ spec, prefix, ipykernel }), env);
}

interface ExaminedKernel {
  readonly candidate: KernelCandidate;
  readonly protection: Protection | undefined;
  readonly findings: readonly Finding[];
}

/** Kernels are looked at so many at the same time. */
const AT_ONCE = 24;

async function examineKernels(
  { kernels, processes }: Candidates,
  specs: ReadonlyMap<string, KernelSpec>,
  options: ExamineOptions,
): Promise<readonly ExaminedKernel[]> {
  const waiting = kernels.filter((one) => !one.isInner);
  const examined: ExaminedKernel[] = [];
  const work = Array.from({ length: AT_ONCE }, async () => {
    for (let candidate = waiting.shift(); candidate !== undefined; candidate = waiting.shift()) {
      const { facts, ownProcess, file } = candidate;
      const spec = specOf(candidate, specs);
      const protection =
        facts && (await protectionOf(facts, ownProcess !== undefined && isServed(candidate, specs), options));
      const findings: Finding[] = [];
      if (facts !== undefined && protection !== undefined) {
        const isFolderOpen = await isSocketFolderOpen(facts);
        const isPython = spec !== undefined && isIpykernel(spec);
        findings.push(
          ...judgeKernel({
            facts,
            kernel: spec?.name,
            protection,
            isFolderOpen,
            isIpykernel: isPython,
          }),
        );
      }
      if (ownProcess !== undefined) {
        const kernel = `${spec?.name ?? facts?.kernelName ?? 'unknown'} (${file})`;
        findings.push(...(await checkDebuggers(kernel, ownProcess.pid, processes)));
      }
      examined.push({ candidate, protection, findings });
    }
  });
  await Promise.all(work);
  return examined;
}

/** By the handshakes of a kernel that jupyter-curve serves, or else by what its sockets say: greetings are refused strangers in its audit. */
async function protectionOf(
  facts: ConnectionFacts,
  isKnown: boolean,
  { openLink, timeout = TIMEOUT }: ExamineOptions,
): Promise<Protection> {
  const { connection, address, publicKey } = facts;
  if (connection !== undefined && isKnown) {
    const { signal } = new AbortController();
    try {
      await using link = await openLink(connection, { follow: false, isServed: true, timeout, signal });
      return protectionBy(link);
    } catch (error) {
      if (!isCurveKernelError(error)) throw error;
    }
  }
  return (await lookAtWire(address, publicKey, { timeout })).protection;
}
