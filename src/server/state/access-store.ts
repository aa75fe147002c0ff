import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unsavedError } from '../../access/requests/access-refusal.js';
import { type CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { Secret } from '../../keys/secret.js';
import type { Journal } from '../audit/journal.js';
import { loadKernel, serializeKernel, type StoredKernel, type StoredSettings } from '../grants/grant-storage.js';
import type { Grants } from '../grants/grants.js';
import type { Rules } from '../rules/rules.js';
import { createStateFile, type StateFile } from './state-file.js';
import { sweepStates } from './sweep-states.js';

/** Dependencies of {@link AccessStore}. */
export interface AccessStoreOptions {
  /** The kernel's connection file. Without one, nothing is stored. */
  readonly connectionFile: string | undefined;
  readonly grants: Grants;
  readonly rules: Rules;
  readonly journal: Journal;
}

/** The current values of what is stored beside the grants. */
export interface StoreSources {
  readonly settings: StoredSettings;
  /** Paths of the connection files of clients. */
  readonly clientFiles: readonly string[];
}

/** Stores the access control of a kernel, for a restart of its process. */
export class AccessStore {
  readonly #options: AccessStoreOptions;
  #loaded: { readonly file: StateFile; readonly clientFiles: readonly string[] } | undefined;
  #active: { readonly file: StateFile; readonly sources: () => StoreSources } | undefined;
  /** Something differs from the defaults, or did before the restart. Most kernels have no other client, and no file. */
  #isShared = false;
  #unsaved: CurveKernelError | undefined;

  constructor(options: AccessStoreOptions) {
    this.#options = options;
  }

  /** The error of the last attempt to save, if it failed. */
  get unsaved(): CurveKernelError | undefined {
    return this.#unsaved;
  }

  /** The state of an earlier process of this kernel. `'lost'`: that process could not save what it had revoked. */
  async load(secretKey: Secret): Promise<StoredKernel | 'lost' | undefined> {
    const { connectionFile } = this.#options;
    if (connectionFile === undefined) return undefined;
    const file = createStateFile(connectionFile, secretKey);
    const found = await file.read();
    this.#loaded = { file, clientFiles: typeof found === 'string' ? [] : found.clientFiles };
    this.#isShared = found !== 'none';
    if (found === 'none') return undefined;
    return found === 'lost' ? found : loadKernel(found).catch(() => 'lost' as const);
  }

  /**
   * Saves from now on: not before the stored grants are open again, because a part of the state must not replace the whole. Removes files
   * of clients that are not there any more.
   */
  async begin(sources: () => StoreSources): Promise<void> {
    const { connectionFile, journal } = this.#options;
    if (this.#loaded === undefined || connectionFile === undefined) return;
    const { file, clientFiles } = this.#loaded;
    this.#active = { file, sources };
    await this.save();
    const current = sources().clientFiles;
    for (const leftover of clientFiles.filter((one) => !current.includes(one))) {
      await rm(leftover, { force: true }).catch((error: unknown) => journal.alarm(error));
    }
    await sweepStates(dirname(connectionFile));
  }

  /** Resolves when the current state is saved, or {@link unsaved} says why it is not. */
  async save(): Promise<void> {
    const { grants, rules } = this.#options;
    this.#isShared ||= grants.size > 1 || !rules.isDefault || rules.stored.topics.length > 0;
    if (!this.#active || !this.#isShared) return;
    const { file, sources } = this.#active;
    try {
      await file.save(() => {
        const { settings, clientFiles } = sources();
        return { ...serializeKernel(settings, grants), clientFiles };
      });
      this.#unsaved = undefined;
    } catch (error) {
      this.#noteUnsaved(error);
    }
  }

  /** Saves no more. Returns a function that removes the stored state. */
  stop(): () => Promise<void> {
    const file = this.#active?.file;
    this.#active = undefined;
    return async () => file?.remove();
  }

  /** Saving is tried again with every change and every re-authorization; the alarm is raised once. */
  #noteUnsaved(error: unknown): void {
    const unsaved = isCurveKernelError(error, 'state-unsaved')
      ? error
      : unsavedError(undefined, undefined, undefined, error);
    if (unsaved.message !== this.#unsaved?.message) this.#options.journal.alarm(unsaved);
    this.#unsaved = unsaved;
  }
}
