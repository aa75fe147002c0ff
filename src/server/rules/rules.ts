import type { Act, SendAct } from '../../access/policy/act.js';
import { createDecider, type Decider, type AccessDecision, type Subject } from '../../access/policy/decide.js';
import { checkGroupName } from '../../access/policy/groups.js';
import { DEFAULT_POLICY, type Policy } from '../../access/policy/policy.js';
import { CurveKernelError } from '../../errors.js';
import { BUILT_IN_ROLES } from '../../access/policy/role.js';

/** A policy as it is stored: the text of a file. `none`: the policy is unusable, and only the owner has rights. */
export type StoredPolicy = PolicyText | 'built in' | 'none';

/** The text of a policy, and the file that it came from. */
export interface PolicyText {
  readonly source: string;
  readonly text: string;
}

/** The rules for the next process of a kernel. */
export interface StoredRules {
  readonly policy: StoredPolicy;
  /** Topics that differ from the policy. */
  readonly topics: readonly (readonly [topic: string, isPrivate: boolean])[];
}

/** For a kernel without a usable policy. */
const OWNER_ALONE: Policy = {
  roles: new Map([['owner', BUILT_IN_ROLES.owner]]),
  anonymous: 'deny',
  privateGroups: new Set(),
};

/** The rules in force: those of the policy, with the topics that were made private or public since. */
export class Rules {
  #topics: ReadonlyMap<string, boolean> = new Map();
  #policyText: PolicyText | undefined;
  #policy: Policy = DEFAULT_POLICY;
  #decider: Decider = createDecider(DEFAULT_POLICY);
  #unusable: unknown;

  /** As it came, without what was changed by {@link setTopic}. */
  get policy(): Policy {
    return this.#policy;
  }

  /** The file that the policy came from. */
  get source(): string {
    return this.#policyText?.source ?? (this.isDefault ? 'built in' : 'none');
  }

  /** The text of the file; undefined when the policy came from none. */
  get text(): string | undefined {
    return this.#policyText?.text;
  }

  /** No policy was set: the built-in roles are all there is. */
  get isDefault(): boolean {
    return this.#policy === DEFAULT_POLICY;
  }

  /** The private groups, in alphabetical order. */
  get privateTopics(): readonly string[] {
    return [...privateGroupsOf(this.#policy, this.#topics)].toSorted();
  }

  /** The rules as they are stored for a restart. */
  get stored(): StoredRules {
    return { policy: this.#policyText ?? (this.isDefault ? 'built in' : 'none'), topics: [...this.#topics] };
  }

  /** A group that the policy comes to make private is, though it was made public before. Throws TypeError for one that cannot be used. */
  setPolicy(policy: Policy, text: PolicyText): void {
    this.#set(
      policy,
      [...this.#topics].filter(([topic]) => this.#policy.privateGroups.has(topic) || !policy.privateGroups.has(topic)),
    );
    this.#policyText = text;
    this.#unusable = undefined;
  }

  /** Refuses new clients from now on, until there is a policy: the policy file cannot be used, for this reason. */
  refuseGrants(reason: unknown): void {
    this.#unusable = reason;
  }

  /** The policy file cannot be used, and no new client is admitted. */
  get refusesGrants(): boolean {
    return this.#unusable !== undefined;
  }

  /** @throws CurveKernelError 'grant-failed' while {@link refusesGrants} */
  checkUsable(): void {
    if (this.#unusable === undefined) return;
    const problem = 'The policy of this kernel cannot be used, so no new client is admitted.';
    throw new CurveKernelError('grant-failed', problem, {
      hint: 'Correct the policy file; it takes effect within a second.',
      cause: this.#unusable,
    });
  }

  /** From this call on only owners have rights, until there is a policy. */
  close(): void {
    this.#set(OWNER_ALONE, this.#topics);
    this.#policyText = undefined;
  }

  /** Makes a group private or public, whatever the policy says, from this call on. Throws TypeError for what is no group. */
  setTopic(topic: string, isPrivate: boolean): void {
    this.#set(this.#policy, [...this.#topics, [checkGroupName(topic), isPrivate]]);
  }

  /** {@link Decider.decide} under the rules of this moment. */
  decide(subject: Subject, act: Act): AccessDecision {
    return this.#decider.decide(subject, act);
  }

  /** {@link Decider.maySend} under the rules of this moment. */
  maySend(subject: Subject, act: SendAct): boolean {
    return this.#decider.maySend(subject, act);
  }

  #set(policy: Policy, changed: Iterable<readonly [topic: string, isPrivate: boolean]>): void {
    const topics = new Map(changed);
    this.#decider = createDecider({ ...policy, privateGroups: privateGroupsOf(policy, topics) });
    this.#policy = policy;
    this.#topics = topics;
  }
}

function privateGroupsOf({ privateGroups }: Policy, topics: ReadonlyMap<string, boolean>): ReadonlySet<string> {
  const groups = new Set(privateGroups);
  for (const [topic, isPrivate] of topics) {
    if (isPrivate) groups.add(topic);
    else groups.delete(topic);
  }
  return groups;
}
