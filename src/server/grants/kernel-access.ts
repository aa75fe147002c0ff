import type { Act } from '../../access/policy/act.js';
import type { Decision } from '../../access/policy/decide.js';
import { LONGEST_DURATION } from '../../access/grants/duration.js';
import { checkGrantTerms, type GrantTerms } from '../../access/grants/grant.js';
import { checkOwnership } from '../../access/policy/ownership.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { CurveKernelError } from '../../errors.js';
import type { AccessSources } from '../rules/access-sources.js';
import { deadlineIn } from '../../support/deadline.js';
import { termsOf } from './grants.js';
import { PROGRAM, type Actor, type GrantKeeper } from './grant-manager.js';
import { clientInfo, grantInfo, type ClientInfo, type GrantInfo } from './grant-info.js';
import type { AccessEvent, Journal } from '../audit/journal.js';
import { connectionFor } from './open-client.js';
import { fits, type RevokeWish } from './revoke-filter.js';
import { rotatedLimits } from './rotated-limits.js';
import type { Rules } from '../rules/rules.js';
import { generateCurvePairSync } from '../../keys/curve-pair.js';

/** Whom to let in, and as what. */
export interface GrantWish {
  readonly name: string;
  readonly roles: readonly string[];
  /** The client's own key, in Z85. Absent: a new pair that comes with the connection, for stock clients. */
  readonly publicKey?: string;
  /** Milliseconds until it ends. */
  readonly expiresIn?: number;
  /** Addresses and blocks that it may be used from, such as `10.0.0.0/8`. */
  readonly from?: readonly string[];
}

/** A grant, and what its client connects with. */
export interface Granted {
  readonly grant: GrantInfo;
  readonly connection: ConnectionInfo;
}

/** How a key is rotated. */
export interface RotateOptions {
  /** Milliseconds in which the older keys still work. */
  readonly overlap?: number;
  /** The client's own new key; see {@link GrantWish.publicKey}. */
  readonly publicKey?: string;
}

/** What {@link KernelAccess} works with. */
export interface KernelAccessOptions {
  readonly keeper: GrantKeeper;
  readonly rules: Rules;
  readonly journal: Journal;
  readonly sources: AccessSources;
  /** The connection of the kernel's own file, once it is open. */
  readonly owner: () => ConnectionInfo | undefined;
  /** Called when what was changed should be kept for a restart. */
  readonly onChange: () => void;
  /** Why what was changed last is not kept for a restart; undefined when it is. */
  readonly unsaved: () => CurveKernelError | undefined;
}

/** Milliseconds in which the key before a rotation still works. */
const OVERLAP = 30_000;

/**
 * Who may do what in a kernel, and to change it while the kernel runs. Each change is made by an actor, which is the program that
 * runs the kernel unless a client asked for it on control.
 */
export class KernelAccess {
  readonly #options: KernelAccessOptions;

  /** @internal */
  constructor(options: KernelAccessOptions) {
    this.#options = options;
  }

  /**
   * Lets somebody in, on sockets of its own.
   *
   * @throws CurveKernelError 'grant-failed' in plain text, for terms that cannot be granted, and while it cannot be recorded;
   * 'identity-invalid', 'key-invalid'; 'not-permitted' for an actor that may not make an owner; as `openListener` does
   */
  async grant(wish: GrantWish, actor: Actor = PROGRAM): Promise<Granted> {
    const { keeper, rules, sources, owner: ownerOf } = this.#options;
    const owner = ownerOf();
    if (!owner?.curve) throw plaintext();
    sources.checkUsable();
    const server = generateCurvePairSync();
    const terms = wishedTerms(wish, wish.publicKey ?? server.publicKey);
    checkGrantTerms(terms, rules.policy);
    const place = { server, connection: connectionFor(owner, server, terms) };
    const why = `${terms.roles.join(',')} by ${actor.subject.name}`;
    const grant = await keeper.open(terms, place, { actor, why });
    return { grant: grantInfo(grant), connection: grant.listener?.connection ?? place.connection };
  }

  /**
   * Ends grants at once: when it resolves their sockets are closed, what they asked for is dropped, and what they run is interrupted.
   *
   * @throws CurveKernelError 'identity-unknown' when no grant fits; 'last-owner'; 'not-permitted'
   */
  async revoke(wish: RevokeWish, actor: Actor = PROGRAM): Promise<readonly GrantInfo[]> {
    const { keeper } = this.#options;
    const { grants } = keeper;
    const doomed = [...grants].filter((grant) => fits(grant, wish));
    if (doomed.length === 0) throw unknown('No grant fits.');
    const left = [...grants].filter((grant) => !doomed.includes(grant));
    checkOwnership(actor.subject, grants.terms, left.map(termsOf));
    const end = { why: `revoked by ${actor.subject.name}`, letFinish: wish.letFinish ?? false };
    await Promise.all(doomed.map(async (grant) => keeper.end(grant, end)));
    return doomed.map(grantInfo);
  }

  /**
   * Another key for an identity, with the narrowest limits of those it has. These, but for that of the connection file, end after
   * `overlap` milliseconds (30 s by default), without a loss for the identity: what it asked for goes on.
   *
   * @throws CurveKernelError 'identity-unknown'; 'grant-failed' where there is only the connection file, and for keys that are limited to
   * different addresses; as {@link grant} does
   */
  async rotate(name: string, options: RotateOptions = {}, actor: Actor = PROGRAM): Promise<Granted> {
    const { keeper, journal } = this.#options;
    const { overlap = OVERLAP, publicKey } = options;
    checkNear(overlap);
    const old = keeper.grants.named(name).filter(({ terms }) => terms.origin !== 'owner');
    const [first] = old;
    if (first === undefined) {
      if (keeper.grants.named(name).length === 0) throw unknown(`${name} has no grant.`);
      throw new CurveKernelError('grant-failed', 'The keys of the connection file are the kernel’s own.', {
        hint: 'Restart the kernel with new keys.',
      });
    }
    const { roles } = keeper.grants.subject(name);
    const wish = { name, roles, ...(publicKey !== undefined && { publicKey }), ...rotatedLimits(old) };
    const granted = await this.grant(wish, actor);
    journal.about(first, { event: 'rotate', rule: `by ${actor.subject.name}` });
    const end = { why: 'rotated', succeededBy: granted.grant.id };
    for (const grant of old) keeper.expire(grant, deadlineIn(overlap), end);
    await keeper.kept();
    return granted;
  }

  /**
   * Gives an identity other roles, at once.
   *
   * @throws CurveKernelError 'identity-unknown', 'grant-failed', 'last-owner', 'not-permitted'
   */
  setRoles(name: string, roles: readonly string[], actor: Actor = PROGRAM): void {
    const { keeper, rules, journal } = this.#options;
    const held = keeper.grants.named(name);
    if (held.length === 0) throw unknown(`${name} has no grant.`);
    for (const { terms } of held) if (terms.publicKey !== '') checkGrantTerms({ ...terms, roles }, rules.policy);
    const before = keeper.grants.terms;
    const after = before.map((terms) => (terms.identity === name ? { ...terms, roles } : terms));
    checkOwnership(actor.subject, before, after);
    keeper.setRoles(held, roles);
    journal.record({ event: 'role', identity: name, rule: `${roles.join(',')} by ${actor.subject.name}` });
  }

  /** Makes an output group or `comm:TARGET` private or public, at once; `kernel` is a group of everything. Throws TypeError for no group. */
  setTopic(topic: string, isPrivate: boolean, actor: Actor = PROGRAM): void {
    this.#options.rules.setTopic(topic, isPrivate);
    const rule = `${isPrivate ? 'private' : 'public'} by ${actor.subject.name}`;
    this.#options.journal.record({ event: 'topic', type: topic, rule });
    this.#options.onChange();
  }

  /** Resolves when what was changed so far outlives a crash of the kernel; with {@link unsaved}, when that is not possible. */
  async kept(): Promise<CurveKernelError | undefined> {
    await this.#options.keeper.kept();
    return this.unsaved;
  }

  /**
   * Why what was changed last cannot be saved for a restart of the kernel, and what a restart does then; undefined when all is saved. A
   * 'state-unsaved' whose `data.restart` is `'forgotten'` (what was granted last), `'owners-only'` (all grants) or `'undone'` (what was
   * changed, also what was taken away). What was changed holds until then in any case.
   */
  get unsaved(): CurveKernelError | undefined {
    return this.#options.unsaved();
  }

  /** The groups that are private now. */
  get privateTopics(): readonly string[] {
    return this.#options.rules.privateTopics;
  }

  /** Every grant, with the clients that use it. */
  clients(): readonly ClientInfo[] {
    return [...this.#options.keeper.grants].filter((grant) => grant.listener).map(clientInfo);
  }

  /** Whether somebody may do something, and why. @throws CurveKernelError 'identity-unknown' */
  can(name: string, act: Act): Decision {
    const { keeper, rules } = this.#options;
    if (keeper.grants.named(name).length === 0) throw unknown(`${name} has no grant.`);
    return rules.decide(keeper.grants.subject(name), act);
  }

  /** Calls `listener` with everything that happens from now on. Returns how to stop that. */
  on(listener: (event: AccessEvent) => void): () => void {
    return this.#options.journal.on(listener);
  }

  /** Reads policy and `authorized_clients` again now, and looks at every client's right anew. */
  async reload(): Promise<void> {
    await this.#options.sources.reload();
  }

  /** Names of the roles that there are. */
  get roles(): readonly string[] {
    return [...this.#options.rules.policy.roles.keys()];
  }
}

function wishedTerms({ name, roles, expiresIn, from }: GrantWish, publicKey: string): GrantTerms {
  const now = Date.now();
  if (expiresIn !== undefined) checkNear(expiresIn);
  return {
    identity: name,
    roles,
    publicKey,
    issuedAt: new Date(now).toISOString(),
    ...(expiresIn !== undefined && { expiresAt: new Date(now + expiresIn).toISOString() }),
    ...(from && { from }),
    origin: 'grant',
  };
}

function checkNear(milliseconds: number): void {
  if (milliseconds <= LONGEST_DURATION) return;
  throw new CurveKernelError('grant-failed', 'A grant cannot end in more than a hundred years.', {
    hint: 'Give it an end that is nearer, or none.',
  });
}

const unknown = (problem: string): CurveKernelError =>
  new CurveKernelError('identity-unknown', problem, { hint: 'See who has one with `jupyter-curve clients`.' });

const plaintext = (): CurveKernelError =>
  new CurveKernelError('grant-failed', 'The kernel is not encrypted: everybody who reaches it is its owner.', {
    hint: 'Start it with keys: set the transport encryption of its manager to "required".',
  });
