import type {
  Access,
  GrantRequest,
  IssuedGrant,
  RevokeFilter,
  RotateOptions,
  Visibility,
} from '../../access/access.js';
import { MAX_DURATION } from '../../access/grants/duration.js';
import { checkGrantTerms, type GrantTerms } from '../../access/grants/grant.js';
import type { ClientInfo, GrantInfo } from '../../access/grants/grant-info.js';
import type { AccessDecision } from '../../access/policy/decide.js';
import { checkOwnership } from '../../access/policy/ownership.js';
import { parseAct } from '../../access/policy/parse-act.js';
import type { AccessEvent } from '../../access/requests/access-event.js';
import { orUsageError } from '../../access/requests/access-refusal.js';
import { checkRevokeFilter } from '../../access/requests/access-requests.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';
import { deadlineIn, leftUntil } from '../../support/deadline.js';
import { definedOnly } from '../../support/defined-only.js';
import type { AccessSources } from '../rules/access-sources.js';
import type { ServerState } from '../server-state.js';
import { clientInfo, grantInfo, type ClientGrant } from './client-grant.js';
import { PROGRAM, type Actor, type GrantManager } from './grant-manager.js';
import { termsOf } from './grants.js';
import { connectionFor } from './open-client.js';

/** Dependencies of {@link KernelAccess}. */
export interface KernelAccessOptions extends Pick<ServerState, 'rules' | 'journal' | 'store'> {
  readonly grantManager: GrantManager;
  readonly sources: AccessSources;
  /** The connection of the kernel's own file. */
  readonly owner: () => ConnectionInfo;
  /** Whether code of an identity runs. */
  readonly isRunning: (identity: string) => boolean;
}

const DEFAULT_OVERLAP = 30_000;

/** The access control of a kernel, on behalf of one actor: the program that runs the kernel, or the sender of a request. */
export class KernelAccess implements Access {
  readonly #options: KernelAccessOptions;
  readonly #actor: Actor;

  constructor(options: KernelAccessOptions, actor: Actor = PROGRAM) {
    this.#options = options;
    this.#actor = actor;
  }

  /** The same access on behalf of another actor. */
  actAs(actor: Actor): KernelAccess {
    return new KernelAccess(this.#options, actor);
  }

  get unsaved(): CurveKernelError | undefined {
    return this.#options.store.unsaved;
  }

  async grant(request: GrantRequest): Promise<IssuedGrant> {
    const { grantManager, rules, owner: ownerOf } = this.#options;
    const owner = ownerOf();
    if (!owner.curve) throw plaintextError();
    rules.checkUsable();
    const server = generateCurvePairSync();
    const terms = grantTerms(request, request.publicKey ?? server.publicKey);
    checkGrantTerms(terms, rules.policy);
    const place = { server, connection: connectionFor(owner, server, terms) };
    const why = this.#byActor(terms.roles.join(','));
    const grant = await grantManager.open(terms, place, { actor: this.#actor, why });
    return { grant: grantInfo(grant), connection: grant.listener?.connection ?? place.connection };
  }

  async revoke(filter: RevokeFilter): Promise<readonly GrantInfo[]> {
    const { grantManager } = this.#options;
    const { grants } = grantManager;
    checkRevokeFilter(filter);
    const toRevoke = [...grants].filter((grant) => matchesFilter(grant, filter));
    if (toRevoke.length === 0) throw unknownIdentityError('No grant matches.');
    const left = [...grants].filter((grant) => !toRevoke.includes(grant));
    checkOwnership(this.#actor.subject, grants.terms, left.map(termsOf));
    const end = { why: this.#byActor('revoked'), letFinish: filter.letFinish ?? false };
    await Promise.all(toRevoke.map(async (grant) => grantManager.end(grant, end)));
    return toRevoke.map(grantInfo);
  }

  async rotate(name: string, { overlap = DEFAULT_OVERLAP, publicKey }: RotateOptions = {}): Promise<IssuedGrant> {
    const { grantManager, journal, store } = this.#options;
    checkDuration(overlap);
    const old = this.#grantsOf(name).filter(({ terms }) => terms.origin !== 'owner');
    const [first] = old;
    if (first === undefined) {
      throw new CurveKernelError('grant-failed', 'The keys of the connection file are the kernel’s own.', {
        hint: 'Restart the kernel with new keys.',
      });
    }
    const { roles } = grantManager.grants.subject(name);
    const issued = await this.grant(definedOnly({ name, roles, publicKey, ...rotatedLimits(old) }));
    journal.about(first, { event: 'rotate', rule: this.#byActor() });
    const end = { why: 'rotated', succeededBy: issued.grant.id };
    for (const grant of old) grantManager.expire(grant, deadlineIn(overlap), end);
    await store.save();
    return issued;
  }

  async setRoles(name: string, roles: readonly string[]): Promise<void> {
    const { grantManager, rules, journal } = this.#options;
    const held = this.#grantsOf(name);
    for (const { terms } of held) if (terms.publicKey !== '') checkGrantTerms({ ...terms, roles }, rules.policy);
    const before = grantManager.grants.terms;
    const after = before.map((terms) => (terms.identity === name ? { ...terms, roles } : terms));
    checkOwnership(this.#actor.subject, before, after);
    const saved = grantManager.setRoles(held, roles);
    journal.record({ event: 'role', identity: name, rule: this.#byActor(roles.join(',')) });
    await saved;
  }

  async setTopic(topic: string, visibility: Visibility): Promise<readonly string[]> {
    const { rules, journal, store } = this.#options;
    orUsageError(() => rules.setTopic(topic, visibility === 'private'));
    journal.record({ event: 'topic', type: topic, rule: this.#byActor(visibility) });
    await store.save();
    return rules.privateTopics;
  }

  async privateTopics(): Promise<readonly string[]> {
    return this.#options.rules.privateTopics;
  }

  async clients(): Promise<readonly ClientInfo[]> {
    const { grantManager, isRunning } = this.#options;
    const open = [...grantManager.grants].filter((grant) => grant.listener);
    return open.map((grant) => ({ ...clientInfo(grant), isRunning: isRunning(grant.identity) }));
  }

  async can(name: string, act: string): Promise<AccessDecision> {
    const { grantManager, rules } = this.#options;
    const parsed = orUsageError(() =>
      parseAct(act.replace(/^see (?:iopub\.)?/, 'iopub.').replace(COMM_ACT, OPEN_COMM)),
    );
    this.#grantsOf(name);
    return rules.decide(grantManager.grants.subject(name), parsed);
  }

  async reloadPolicy(): Promise<readonly string[]> {
    const { sources, rules } = this.#options;
    await sources.reload();
    return [...rules.policy.roles.keys()];
  }

  async watch(onEvent: (event: AccessEvent) => void): Promise<() => Promise<void>> {
    const stop = this.#options.journal.on(onEvent);
    return async () => stop();
  }

  /** Throws 'identity-unknown' where there is none. */
  #grantsOf(name: string): readonly ClientGrant[] {
    const grants = this.#options.grantManager.grants.named(name);
    if (grants.length === 0) throw unknownIdentityError(`${name} has no grant.`);
    return grants;
  }

  #byActor(what?: string): string {
    return `${what === undefined ? '' : `${what} `}by ${this.#actor.subject.name}`;
  }
}

/** `comm TARGET`, in the words of {@link parseAct}. */
const COMM_ACT = /^comm (?=\S+$)/;
const OPEN_COMM = 'comm_open comm=';

function matchesFilter(grant: ClientGrant, { name, key, id, allBefore }: RevokeFilter): boolean {
  const { identity, publicKey, issuedAt, origin } = grant.terms;
  // An owner who revokes everything keeps the grant to do that with.
  if (name === undefined && key === undefined && id === undefined && origin === 'owner') return false;
  return (
    (name === undefined || identity === name) &&
    (key === undefined || key === publicKey || key === grant.fingerprint) &&
    (id === undefined || id === grant.id) &&
    (allBefore === undefined || Date.parse(issuedAt) < allBefore.getTime())
  );
}

function grantTerms({ name, roles, expiresIn, from }: GrantRequest, publicKey: string): GrantTerms {
  const now = Date.now();
  if (expiresIn !== undefined) checkDuration(expiresIn);
  return definedOnly({
    identity: name,
    roles,
    publicKey,
    issuedAt: new Date(now).toISOString(),
    expiresAt: expiresIn === undefined ? undefined : new Date(now + expiresIn).toISOString(),
    from,
    origin: 'grant' as const,
  });
}

/**
 * The limits of the key that takes the place of these, so that it is good at no time and from no address at which one of them is not.
 *
 * @throws CurveKernelError 'grant-failed' when they are limited to different addresses
 */
function rotatedLimits(grants: readonly ClientGrant[]): Pick<GrantRequest, 'expiresIn' | 'from'> {
  const left = Math.min(...grants.map(lifeOf));
  const [from, ...others] = grants.flatMap(({ terms }) => (terms.from ? [terms.from] : []));
  if (others.some((other) => String(other) !== String(from))) {
    const problem = 'The keys of this identity are limited to different addresses, and one key cannot replace them.';
    throw new CurveKernelError('grant-failed', problem, {
      hint: 'Revoke the keys that are not needed any more, then rotate.',
    });
  }
  return { ...(left < Infinity && { expiresIn: left }), ...(from && { from }) };
}

/** Milliseconds that a grant was to last, were it not for a rotation. */
function lifeOf({ terms, ends }: ClientGrant): number {
  if (ends && ends.end.succeededBy === undefined) return leftUntil(ends);
  return terms.expiresAt === undefined ? Infinity : Date.parse(terms.expiresAt) - Date.now();
}

function checkDuration(milliseconds: number): void {
  if (milliseconds <= MAX_DURATION) return;
  throw new CurveKernelError('grant-failed', 'A grant cannot end in more than a hundred years.', {
    hint: 'Give it an end that is nearer, or none.',
  });
}

const unknownIdentityError = (problem: string): CurveKernelError =>
  new CurveKernelError('identity-unknown', problem, { hint: 'List the identities with `jupyter-curve clients`.' });

const plaintextError = (): CurveKernelError =>
  new CurveKernelError('grant-failed', 'The kernel is not encrypted: every client that reaches it is its owner.', {
    hint: 'Start it with keys: set the transport encryption of its manager to "required".',
  });
