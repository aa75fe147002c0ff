import type { Verify } from './verifier.js';

/** The sources of a kernel's access rules, and its audit. */
export interface AccessOptions {
  /** File of authorized clients, a line each; need not exist (yet). Changes take effect within a second. */
  readonly authorizedClients?: string;
  /** Policy file, in YAML; need not exist. Changes take effect within a second. */
  readonly policyFile?: string;
  /**
   * Files that were named explicitly, not found in their usual places: a kernel without keys does not start with any, nor
   * does one whose required policy is missing when it starts for the first time. Default: none.
   */
  readonly required?: readonly ('authorizedClients' | 'policyFile')[];
  /** Audit file. It is made with the first event that not every kernel has. */
  readonly auditFile?: string;
  /** Maximum milliseconds between two re-authorizations of all clients: at most a day. Default: as the policy says, else 30,000. */
  readonly reauthInterval?: number;
  /** Decides the role of every client but the owner of the connection file: a function, or the module whose default export it is. */
  readonly verify?: Verify | string;
}
