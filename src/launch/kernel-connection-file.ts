import { readAddress } from '../connection/address-fields.js';
import { optionalText, parseFields } from '../connection/connection-fields.js';
import type { ConnectionInfo } from '../connection/connection-info.js';
import { endpoint } from '../connection/endpoints.js';
import { writeConnectionFile, type WriteConnectionOptions } from '../connection/write-connection-file.js';
import { isCurveKernelError } from '../errors.js';
import { checkPublicKey } from '../keys/curve-pair.js';
import { readPrivateFile } from '../keys/read-private-file.js';
import { Secret } from '../keys/secret.js';
import { probe, type ProbeAs } from '../transport/client/probe.js';
import { isKernelsFile } from './kernel-record.js';
import { fileUnwritableError, makeFolderOf, removeLeftovers } from './runtime-files.js';

/**
 * The connection file of a kernel, from its first start to its end. Any other file of that name is left alone: only the file of a kernel that
 * has ended is replaced, and only the file that was written here is removed.
 */
export class KernelConnectionFile {
  readonly path: string;
  /** The signing key in the file as it was last written. No other kernel has it, so it identifies the file. */
  #key: Secret | undefined;

  readonly #runtime: string;

  /** @param runtime The folder with the records of running kernels. */
  constructor(path: string, runtime: string) {
    this.path = path;
    this.#runtime = runtime;
  }

  /**
   * Writes the file, as {@link writeConnectionFile} does, and creates its folder if needed.
   *
   * @throws CurveKernelError `connection-file-unwritable` when a file of that name is no connection file, or belongs to another kernel that runs;
   *   `connection-file-unsafe`.
   */
  async write(connection: ConnectionInfo, options: WriteConnectionOptions): Promise<void> {
    await makeFolderOf(this.path);
    const text = await read(this.path);
    if (text !== undefined && !this.#isOurs(text)) await this.#refuseUsed(text);
    await writeConnectionFile(this.path, connection, { ...options, exclusive: text === undefined });
    this.#key = connection.key;
  }

  /** Removes the file if it is still the one that was written. */
  async remove(): Promise<void> {
    const text = await read(this.path).catch(() => undefined);
    if (text !== undefined && this.#isOurs(text)) await removeLeftovers([this.path]);
  }

  #isOurs(text: string): boolean {
    if (this.#key === undefined) return false;
    try {
      const key = optionalText(parseFields(text, this.path), 'key');
      return key !== undefined && Secret.fromText(key).equals(this.#key);
    } catch {
      return false;
    }
  }

  async #refuseUsed(text: string): Promise<void> {
    const [address, as] = heartbeatOf(this.path, text);
    // A kernel that is just starting, or hangs, is known from its record only. Others can be probed: every heartbeat socket admits
    // strangers who know the public key, even while a cell runs.
    const used =
      (await isKernelsFile(this.#runtime, this.path)) || (await probe(address, as, 'heartbeat')) === 'admitted';
    if (!used) return;
    throw fileUnwritableError(
      this.path,
      'belongs to a kernel that runs',
      'Use another name, or shut that kernel down first.',
    );
  }
}

/** Undefined when there is no file. Its mode does not matter: no key in it is used. */
function read(file: string): Promise<string | undefined> {
  return readPrivateFile(file, { kind: 'connection-file', maxBytes: 65_536, isSecret: () => false }).catch((error) => {
    if (isCurveKernelError(error, 'connection-file-missing')) return undefined;
    throw error;
  });
}

function heartbeatOf(file: string, text: string): [endpoint: string, as: ProbeAs] {
  try {
    const fields = parseFields(text, file);
    const address = endpoint(readAddress(fields), 'heartbeat');
    const serverKey = optionalText(fields, 'curve_publickey');
    if (serverKey === undefined) return [address, { mechanism: 'null' }];
    return [address, { mechanism: 'curve', serverKey: checkPublicKey(serverKey, 'curve_publickey') }];
  } catch (cause) {
    throw fileUnwritableError(
      file,
      'exists already and is no connection file',
      'Use another name, or remove that file first.',
      cause,
    );
  }
}
