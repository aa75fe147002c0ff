import { type Act, channelOf } from './act.js';
import { createDecider, type Decider } from './decide.js';
import { MESSAGE_TYPES, SEND_CHANNELS } from './message-types.js';
import { quote } from '../quote.js';
import { parseAct } from './parse-act.js';
import type { Policy } from './policy.js';
import { type Field, invalidField, readAs, readList, readMapping } from './policy-fields.js';

/**
 * Runs the tests that a policy file carries: `{role | roles, may: [...], may_not: [...]}`, each entry an act in the words of
 * {@link parseAct}. Returns how many acts they judge. Throws `policy-invalid` at the first that fails, or that could not fail because it
 * names no message.
 */
export function runPolicyTests(tests: readonly Field[], policy: Policy): number {
  let count = 0;
  const decider = createDecider(policy);
  const named = typesNamedBy(policy);
  for (const test of tests) {
    const fields = readMapping(test, ['role', 'roles', 'may', 'may_not']);
    const roles = readRoles(test, fields, policy);
    const may = readList(fields.get('may'));
    const mayNot = readList(fields.get('may_not'));
    if (may.length + mayNot.length === 0) throw invalidField(test, 'tests nothing: may or may_not is wanted');
    for (const entry of may) expectDecision(decider, roles, entry, named, true);
    for (const entry of mayNot) expectDecision(decider, roles, entry, named, false);
    count += may.length + mayNot.length;
  }
  return count;
}

function readRoles(test: Field, fields: ReadonlyMap<string, Field>, policy: Policy): readonly string[] {
  const one = fields.get('role');
  const several = fields.get('roles');
  if ((one === undefined) === (several === undefined)) throw invalidField(test, 'wants either role or roles');
  const entries = one === undefined ? readList(several) : [one];
  return entries.map((entry) =>
    readAs(entry, (name) => {
      if (policy.roles.has(name)) return name;
      throw new TypeError(`${quote(name)} is no role; ${[...policy.roles.keys()].join(', ')} are`);
    }),
  );
}

function expectDecision(
  decider: Decider,
  roles: readonly string[],
  entry: Field,
  named: ReadonlySet<string>,
  wanted: boolean,
): void {
  const act = readAs(entry, (text) => refuseUnknown(parseAct(text), named));
  const decision = decider.decide({ name: 'a test', roles }, act);
  if (decision.allowed === wanted) return;
  const who = roles.length === 0 ? 'an identity without a role' : roles.join(' and ');
  const may = `${who} may${wanted ? '' : ' not'} ${act.kind} ${channelOf(act)}.${act.msgType}`;
  const found = decision.allowed ? 'it is allowed' : 'it is refused';
  throw invalidField(entry, `fails: it says that ${may}, and ${found} (${decision.rule})`, FAILED_HINT);
}

const FAILED_HINT = 'Correct the rule, or the test. Until then the policy before it holds.';

/** A mistyped type is refused by every policy, so a test of it would prove nothing. */
function refuseUnknown(act: Act, named: ReadonlySet<string>): Act {
  const channels = act.kind === 'send' ? SEND_CHANNELS : (['iopub'] as const);
  if (channels.some((channel) => MESSAGE_TYPES[channel].includes(act.msgType))) return act;
  if (named.has(`${channelOf(act)}.${act.msgType}`)) return act;
  throw new TypeError(`${quote(act.msgType)} is neither a message of the protocol there nor named by a role`);
}

function typesNamedBy(policy: Policy): ReadonlySet<string> {
  const patterns = [...policy.roles.values()].flatMap((role) => [...role.send, ...role.see]);
  return new Set(patterns.map((pattern) => pattern.replace(/^!/, '').replace(/ own$/, '')));
}
