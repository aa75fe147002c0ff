import { inspect, types } from 'node:util';
import { equalInConstantTime } from './constant-time.js';

const REDACTED = '[secret]';

/**
 * Bytes that are not shown by accident.
 *
 * Printed, logged, inspected, put into JSON, a template string or an error, a `Secret` is `[secret]`; cloned, posted to
 * another thread or serialised by `node:v8` it arrives as an empty object. {@link expose} is the only way in, so a
 * search for that word finds every place that sees key material. Not hidden from a debugger or a core dump.
 * Deep comparison sees no difference between two secrets: use {@link equals}.
 */
export class Secret {
  readonly #bytes: Uint8Array;
  #wiped = false;

  private constructor(bytes: Uint8Array) {
    // Up to 64 bytes `new Uint8Array(length)` lives in V8's moving heap, which would leave copies behind after wipe().
    this.#bytes = new Uint8Array(new ArrayBuffer(bytes.byteLength));
    this.#bytes.set(bytes);
    Object.freeze(this);
  }

  /** Copies `bytes`; the caller's buffer stays the caller's, to wipe or to keep. Throws TypeError for anything else. */
  static fromBytes(bytes: Uint8Array): Secret {
    if (!types.isUint8Array(bytes)) throw new TypeError('A secret is made from a Uint8Array.');
    return new Secret(bytes);
  }

  /** The UTF-8 bytes of `text`, which is how Jupyter turns the `key` of a connection file into an HMAC key. */
  static fromText(text: string): Secret {
    if (typeof text !== 'string') throw new TypeError('A secret text is a string.');
    const bytes = new TextEncoder().encode(text);
    const secret = new Secret(bytes);
    bytes.fill(0);
    return secret;
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  /**
   * Lends the bytes to `use` and returns what it returns. The view is not to be kept, changed or returned.
   * Throws TypeError after {@link wipe}, so that a wiped key is never used as a key of zeros.
   */
  expose<T>(use: (bytes: Uint8Array) => T): T {
    if (this.#wiped) throw new TypeError('This secret was wiped and cannot be used any more.');
    return use(this.#bytes);
  }

  /** The bytes as UTF-8 text, for writing connection files only. Throws TypeError after {@link wipe}, or if they are none. */
  exposeText(): string {
    return this.expose((bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  }

  /** Whether both hold the same bytes, in constant time. Throws TypeError after {@link wipe} of either. */
  equals(other: Secret): boolean {
    return this.expose((mine) => other.expose((theirs) => equalInConstantTime(mine, theirs)));
  }

  /** Overwrites the bytes with zeros. Wiping twice is harmless. */
  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  [Symbol.dispose](): void {
    this.wipe();
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }

  /** Printed when custom inspection is off, as in the messages of `node:assert`. */
  get [Symbol.toStringTag](): string {
    return 'secret';
  }
}
