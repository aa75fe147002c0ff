import type { Act } from './act.js';
import type { AccessDecision, Subject } from './decide.js';

/** The `ename` of the reply to a request that its sender may not make. */
export const NOT_PERMITTED = 'NotPermitted';

/** The text of a refusal, for the refused client: `observer may not send shell.execute_request`. */
export function describeRefusal(subject: Subject, act: Act, decision: AccessDecision): string {
  const who = subject.roles.length > 0 ? subject.roles.join(' and ') : subject.name;
  return `${who} may not ${act.kind} ${decision.missing ?? act.msgType}`;
}
