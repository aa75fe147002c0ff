import type { MessageOrigin } from '../protocol/create-message.js';
import type { AuditWriter } from './audit/audit-writer.js';
import type { Journal } from './audit/journal.js';
import type { Backend } from './backend.js';
import type { Grants } from './grants/grants.js';
import type { Rules } from './rules/rules.js';
import type { AccessStore } from './state/access-store.js';

/** The state of a kernel that the parts of its server share. */
export interface ServerState {
  readonly origin: MessageOrigin;
  readonly grants: Grants;
  readonly rules: Rules;
  readonly journal: Journal;
  readonly audit: AuditWriter | undefined;
  readonly store: AccessStore;
  /** The backend behind the listeners. The first call says that clients can reach it. */
  readonly backend: () => Backend;
}
