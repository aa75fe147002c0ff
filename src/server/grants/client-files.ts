import { rm } from 'node:fs/promises';
import { writeConnectionFile } from '../../connection/write-connection-file.js';
import type { ClientGrant } from './client-grant.js';
import type { Journal } from '../audit/journal.js';
import { clientFile } from '../state/state-file.js';

/** The connection files of clients without a request for one: those of `authorized_clients`, and the one for clients without a name. */
export class ClientFiles {
  readonly #connectionFile: string | undefined;
  readonly #journal: Journal;
  readonly #files = new Map<ClientGrant, string>();

  /** Beside the kernel's own connection file; without one, none are written. */
  constructor(connectionFile: string | undefined, journal: Journal) {
    this.#connectionFile = connectionFile;
    this.#journal = journal;
  }

  /** Those that there are now. */
  get paths(): readonly string[] {
    return [...this.#files.values()];
  }

  /** Writes the files of these grants, and removes those of grants that have ended. */
  async update(grants: Iterable<ClientGrant>): Promise<void> {
    for (const [grant, file] of this.#files) if (grant.ended) await this.#remove(grant, file);
    for (const grant of grants) if (!grant.ended && !this.#files.has(grant)) await this.#write(grant);
  }

  /** Removes them all. */
  async close(): Promise<void> {
    for (const [grant, file] of this.#files) await this.#remove(grant, file);
  }

  async #write(grant: ClientGrant): Promise<void> {
    if (this.#connectionFile === undefined || !grant.listener) return;
    const taken = new Set(this.#files.values());
    let file = clientFile(this.#connectionFile, grant.identity);
    for (let count = 2; taken.has(file); count++) {
      file = clientFile(this.#connectionFile, `${grant.identity}-${count}`);
    }
    this.#files.set(grant, file);
    await writeConnectionFile(file, grant.listener.connection).catch((error: unknown) => this.#journal.alarm(error));
  }

  async #remove(grant: ClientGrant, file: string): Promise<void> {
    this.#files.delete(grant);
    await rm(file, { force: true }).catch((error: unknown) => this.#journal.alarm(error));
  }
}
