import type { Verify } from './verifier.js';

/** Where a kernel's access rules come from, and where what happens is written down. */
export interface AccessOptions {
  /** Who may connect, a line each; need not exist (yet). Changes count within a second. */
  readonly authorizedClients?: string;
  /** The policy, in YAML; need not exist. Changes count within a second. */
  readonly policyFile?: string;
  /**
   * The files that somebody asked for, rather than looked for in their usual places: a kernel without keys does not start with any, nor
   * one whose required policy is missing when it starts for the first time. None by default.
   */
  readonly required?: readonly ('authorizedClients' | 'policyFile')[];
  /** Made when there is more to tell than that the owner came and went, and that plain text was refused. */
  readonly auditFile?: string;
  /** Milliseconds after which every client's right is looked at again, at the latest: at most a day; 30,000, or what the policy says, by default. */
  readonly reauthInterval?: number;
  /** Asked about everybody but the owner of the connection file: a function, or the module whose default export it is. */
  readonly verify?: Verify | string;
}
