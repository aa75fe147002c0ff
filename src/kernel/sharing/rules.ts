import type { Act } from '../../access/act.js';
import { createDecider, type Decider, type Decision, type Subject } from '../../access/decide.js';
import { checkGroupName } from '../../access/groups.js';
import { DEFAULT_POLICY, type Policy } from '../../access/policy.js';

/** The rules in force: those of the policy, with the topics that were made private or public since. */
export class Rules {
  readonly #topics = new Map<string, boolean>();
  #source = 'built in';
  #policy: Policy = DEFAULT_POLICY;
  #decider: Decider = createDecider(DEFAULT_POLICY);

  /** As it came, without what was changed by {@link setTopic}. */
  get policy(): Policy {
    return this.#policy;
  }

  /** The file that the policy came from. */
  get source(): string {
    return this.#source;
  }

  /** No policy was set: the built-in roles are all there is. */
  get isDefault(): boolean {
    return this.#policy === DEFAULT_POLICY;
  }

  /** The private groups, in alphabetical order. */
  get privateTopics(): readonly string[] {
    return [...this.#privateGroups()].toSorted();
  }

  /** What differs from the policy, for keeping. */
  get changedTopics(): readonly (readonly [topic: string, isPrivate: boolean])[] {
    return [...this.#topics];
  }

  /** @throws TypeError for a policy that cannot be used; the one before it holds */
  setPolicy(policy: Policy, source: string): void {
    this.#decider = this.#createDecider(policy);
    this.#policy = policy;
    this.#source = source;
  }

  /** Makes a group private or public, whatever the policy says, from this call on. Throws TypeError for what is no group. */
  setTopic(topic: string, isPrivate: boolean): void {
    this.#topics.set(checkGroupName(topic), isPrivate);
    this.#decider = this.#createDecider(this.#policy);
  }

  /** {@link Decider.decide} under the rules of this moment. */
  decide(subject: Subject, act: Act): Decision {
    return this.#decider.decide(subject, act);
  }

  #createDecider(policy: Policy): Decider {
    return createDecider({ ...policy, privateGroups: this.#privateGroups(policy) });
  }

  #privateGroups({ privateGroups } = this.#policy): ReadonlySet<string> {
    const groups = new Set(privateGroups);
    for (const [topic, isPrivate] of this.#topics) {
      if (isPrivate) groups.add(topic);
      else groups.delete(topic);
    }
    return groups;
  }
}
