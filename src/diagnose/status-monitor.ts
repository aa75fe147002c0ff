import { setTimeout as delay } from 'node:timers/promises';
import { dialable, endpoint } from '../connection/endpoints.js';
import { isCurveKernelError } from '../errors.js';
import { findKernelSpecs } from '../launch/find-kernelspecs.js';
import type { KernelSpec } from '../launch/kernelspec.js';
import { readGreeting } from '../transport/client/peek-greeting.js';
import type { ConnectionFacts } from './connection-facts.js';
import type { KernelLink, OpenKernelLink } from './kernel-link.js';
import { describeCandidate, describeLink, isServed, usesProcessor, type KernelStatus } from './kernel-status.js';
import type { OwnProcess } from './own-processes.js';
import { findCandidates, type KernelCandidate } from './running-kernels.js';
import { lookAtWire } from './wire.js';

/** Options of {@link StatusMonitor}. */
export interface StatusMonitorOptions {
  readonly openLink: OpenKernelLink;
  /** Keep connections to kernels, and hear from them what they do. Default: each look is a connection of its own. */
  readonly follow?: boolean;
  /** Called when something new is known. */
  readonly onChange?: () => void;
  /** Also kernels whose connection file is not in Jupyter's runtime folder. Default: only those that jupyter-curve started. */
  readonly everywhere?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds for each look at a kernel. Default: 1,000. */
  readonly timeout?: number;
}

/** What is known of one connection file. */
interface Entry {
  candidate: KernelCandidate;
  status: KernelStatus;
  link?: KernelLink | undefined;
  openedAt: number;
}

const TIMEOUT = 1_000;
/** Kernels that are looked at at the same time: each look opens sockets. */
const AT_ONCE = 24;
/** Milliseconds between two looks at the processor time of a process, at least: it is counted in steps of 10. */
const SAMPLE = 100;
/** The running kernels of this user, and what is known of each. Nothing of them is changed, and no code runs in them. */
export class StatusMonitor implements AsyncDisposable {
  readonly #options: StatusMonitorOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new AbortController();
  #specs: ReadonlyMap<string, KernelSpec> = new Map();
  #findingSpecs: Promise<void> | undefined;
  #processes: ReadonlyMap<number, OwnProcess> = new Map();
  #lookedAt = 0;

  constructor(options: StatusMonitorOptions) {
    this.#options = options;
  }

  /** The running kernels as far as they are known, by name and file. */
  get kernels(): readonly KernelStatus[] {
    return [...this.#entries.values()]
      .map((entry) => entry.status)
      .filter(({ protection, pid }) => protection !== 'gone' || pid !== undefined)
      .toSorted((a, b) => compare(a.kernel ?? '', b.kernel ?? '') || compare(a.file, b.file));
  }

  /** The number of connection files whose kernel is gone. */
  get gone(): number {
    return [...this.#entries.values()].filter(({ status }) => status.protection === 'gone' && status.pid === undefined)
      .length;
  }

  /** Looks at everything once. Resolves when all has been looked at, which takes two time limits at most; {@link kernels} grows meanwhile. */
  async refresh(): Promise<void> {
    const before = this.#processes;
    // It may have to run a Python, and most kernels can be looked at without.
    this.#findingSpecs ??= this.#findSpecs();
    const { kernels, processes } = await findCandidates(this.#options);
    this.#processes = processes;
    const now = performance.now();
    const [sampled, since] = before.size > 0 ? [before, this.#lookedAt] : [processes, now];
    this.#lookedAt = now;
    await this.#merge(kernels.filter((one) => !one.isInner));
    this.#report();
    const waiting = [...this.#entries.values()];
    const work = Array.from({ length: AT_ONCE }, async () => {
      for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
        await this.#look(entry);
        this.#report();
      }
    });
    await Promise.all([...work, this.#findingSpecs]);
    await this.#sample(sampled, since);
  }

  /** Closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#entries.values()].map((entry) => this.#unlink(entry)));
    this.#entries.clear();
  }

  #report(): void {
    if (!this.#closing.signal.aborted) this.#options.onChange?.();
  }

  async #findSpecs(): Promise<void> {
    const { env } = this.#options;
    this.#specs = await findKernelSpecs({ installedOnly: true, ...(env && { env }) });
  }

  /** Takes in the files that are there now. One that was written anew, or whose process is another, is looked at anew. */
  async #merge(candidates: readonly KernelCandidate[]): Promise<void> {
    const present = new Set(candidates.map((one) => one.file));
    for (const [file, entry] of this.#entries) {
      if (present.has(file)) continue;
      this.#entries.delete(file);
      await this.#unlink(entry);
    }
    for (const candidate of candidates) {
      const known = this.#entries.get(candidate.file);
      if (known !== undefined && isSame(known.candidate, candidate)) continue;
      if (known !== undefined) await this.#unlink(known);
      const status = describeCandidate(candidate, this.#specs);
      this.#entries.set(candidate.file, { candidate, status, openedAt: 0 });
    }
  }

  async #look(entry: Entry): Promise<void> {
    const { facts, problem } = entry.candidate;
    if (facts === undefined || problem !== undefined || this.#closing.signal.aborted) return;
    const { timeout = TIMEOUT, follow = false } = this.#options;
    try {
      if (entry.link !== undefined) {
        // While its heartbeat answers, a kernel that was looked at is the same as before.
        const { mechanism } = await readGreeting(dialable(endpoint(facts.address, 'heartbeat')), timeout);
        if (mechanism !== undefined) return await this.#ask(entry, entry.link);
        await this.#unlink(entry);
      }
      // Its own handshakes say more than greetings, and leave no refused stranger in its audit.
      const isKnown = entry.candidate.ownProcess !== undefined && isServed(entry.candidate, this.#specs);
      if (isKnown && (await this.#connect(entry, facts, true))) return;
      const options = { timeout, signal: this.#closing.signal };
      update(entry, { ...(await lookAtWire(facts.address, facts.publicKey, options)), ...FORGET });
      await this.#findingSpecs;
      update(entry, describeCandidate(entry.candidate, this.#specs, entry.status.protection));
      const served = isServed(entry.candidate, this.#specs);
      if (isSettled(entry.status) && (served || follow)) await this.#connect(entry, facts, served);
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
    }
  }

  /** Connects with the keys of the file. False if it cannot, or the kernel does not let it in. */
  async #connect(entry: Entry, { connection }: ConnectionFacts, served: boolean): Promise<boolean> {
    if (connection === undefined) return false;
    const { follow = false, openLink, timeout = TIMEOUT } = this.#options;
    const openedAt = Date.now();
    try {
      const link = await openLink(connection, { follow, isServed: served, timeout, signal: this.#closing.signal });
      entry.link = link;
      entry.openedAt = openedAt;
      await this.#ask(entry, link, served);
      if (!follow) await this.#unlink(entry);
      return true;
    } catch (error) {
      await this.#unlink(entry);
      if (isCurveKernelError(error)) return false;
      throw error;
    }
  }

  async #ask(entry: Entry, link: KernelLink, first = false): Promise<void> {
    const clients = first || link.isStale ? await link.clients().catch(nothingFromKernel) : undefined;
    update(entry, describeLink(link, clients, entry.openedAt));
  }

  async #unlink(entry: Entry): Promise<void> {
    const { link } = entry;
    entry.link = undefined;
    await link?.[Symbol.asyncDispose]();
  }

  /** Finds the kernels that use the processor, of those that do not say what they do. */
  async #sample(before: ReadonlyMap<number, OwnProcess>, since: number): Promise<void> {
    const quiet = [...this.#entries.values()].filter(
      ({ status }) => status.stateFrom !== 'kernel' && status.stateFrom !== 'iopub',
    );
    const running = quiet.filter(({ status }) => status.pid !== undefined && status.protection !== 'gone');
    if (running.length === 0 || this.#closing.signal.aborted) return;
    const left = since + SAMPLE - performance.now();
    if (left > 0) await delay(left);
    const { processes } = await findCandidates(this.#options);
    const passed = performance.now() - since;
    for (const entry of running) {
      const isBusy = usesProcessor(entry.status.pid ?? 0, before, processes, passed);
      const { state: _state, stateFrom: _from, ...rest } = entry.status;
      entry.status = isBusy ? { ...rest, state: 'busy', stateFrom: 'process' } : rest;
    }
  }
}

/** What a look without a link does not know. */
const FORGET = { clients: undefined, state: undefined, stateFrom: undefined };

function update(entry: Entry, found: { readonly [Name in keyof KernelStatus]?: KernelStatus[Name] | undefined }): void {
  const kept = Object.entries({ ...entry.status, ...found }).filter(([, value]) => value !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined was left out
  entry.status = Object.fromEntries(kept) as unknown as KernelStatus;
}

const isSettled = ({ protection }: KernelStatus): boolean => protection === 'encrypted' || protection === 'plain';

const nothingFromKernel = (error: unknown): undefined => {
  if (!isCurveKernelError(error)) throw error;
  return undefined;
};

const isSame = (a: KernelCandidate, b: KernelCandidate): boolean => markOf(a) === markOf(b);

const markOf = ({ facts, ownProcess, problem }: KernelCandidate): string =>
  JSON.stringify([ownProcess?.pid, ownProcess?.startedAt, problem?.code, facts?.publicKey, facts?.address]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
