import { CurveKernelError } from '../../errors.js';
import type { ServerState } from '../server-state.js';
import type { StoredPolicy } from './rules.js';
import { WatchedFile, type FileState } from './watched-file.js';

/** Dependencies of {@link PolicySource}. */
export interface PolicySourceOptions extends Pick<ServerState, 'rules' | 'journal'> {
  readonly file: string;
  /** The kernel does not start for the first time without it. */
  readonly isRequired: boolean;
  /** Called when another policy may be in force. Must not reject. */
  readonly onChange: () => Promise<void>;
}

/** Follows a policy file: while it is missing or broken, the last valid policy remains in force. */
export class PolicySource {
  readonly #options: PolicySourceOptions;
  readonly #file: WatchedFile;

  constructor(options: PolicySourceOptions) {
    this.#options = options;
    const { file, onChange } = options;
    this.#file = new WatchedFile({
      file,
      kind: 'policy',
      onChange: async (state) => {
        await this.#take(state);
        await onChange();
      },
    });
  }

  /** Puts in force what was in an earlier process of the kernel. */
  async restore(policy: StoredPolicy): Promise<void> {
    if (policy === 'none') this.#close(goneError(this.#options.file));
    if (typeof policy === 'string') return;
    try {
      const { parsePolicy } = await import('../../access/policy/policy-file.js');
      this.#options.rules.setPolicy(parsePolicy(policy.text, policy.source).policy, policy);
    } catch (error) {
      this.#close(error);
    }
  }

  /**
   * Puts in force what the file says, and follows it from here on. While that cannot be, what was restored holds. When the kernel starts
   * for the first time, a missing file is no policy, and with a broken one only the owner has access.
   *
   * @throws CurveKernelError 'policy-invalid' for a file that is required and missing at the first start
   */
  async open(isFirst: boolean): Promise<void> {
    const { rules, journal, isRequired, file } = this.#options;
    const state = await this.#file.open();
    if (state.kind === 'missing') {
      if (isFirst && isRequired) throw missingError(file);
      if (rules.isDefault) return;
    }
    if (state.kind === 'text' && state.text === rules.text) return journal.record({ event: 'policy', rule: file });
    await this.#take(state);
    if (isFirst && rules.refusesGrants) rules.close();
  }

  /** Reads the file again now. */
  async check(): Promise<void> {
    await this.#file.check();
  }

  /** Stops looking. */
  close(): void {
    this.#file.close();
  }

  #close(error: unknown): void {
    this.#options.rules.refuseGrants(error);
    this.#options.rules.close();
  }

  async #take(state: FileState): Promise<void> {
    const { file: source, rules, journal } = this.#options;
    try {
      if (state.kind === 'unreadable') throw state.error;
      if (state.kind === 'missing') throw goneError(source);
      const { parsePolicy } = await import('../../access/policy/policy-file.js');
      const { policy, warnings } = parsePolicy(state.text, source);
      rules.setPolicy(policy, { source, text: state.text });
      journal.record({ event: 'policy', rule: source });
      for (const warning of warnings) journal.raise(warning);
    } catch (error) {
      if (rules.text === undefined) rules.refuseGrants(error);
      journal.alarm(error);
    }
  }
}

const goneError = (source: string): CurveKernelError =>
  new CurveKernelError('policy-invalid', `The policy ${source} is gone; the previous policy remains in force.`, {
    hint: 'Put it back, or write {} into it for the built-in roles only.',
  });

const missingError = (source: string): CurveKernelError =>
  new CurveKernelError('policy-invalid', `The policy ${source}, which was asked for, is not there.`, {
    hint: 'Correct its name, or write {} into it for the built-in roles only.',
    data: { file: source },
  });
