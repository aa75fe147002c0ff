import type { JsonObject } from '../protocol/message.js';

/** An installed kernel, as its `kernel.json` describes it. */
export interface KernelSpec {
  /** The folder's name in lower case. */
  readonly name: string;
  readonly resourceDir: string;
  readonly argv: readonly string[];
  readonly displayName: string;
  readonly language: string;
  readonly env: Readonly<Record<string, string>>;
  readonly interruptMode: 'signal' | 'message';
  readonly metadata: JsonObject;
  /** The whole of `kernel.json`. */
  readonly raw: JsonObject;
  /** Whether `metadata.supported_encryption` names `curve` (JEP 145). */
  readonly supportsCurve: boolean;
}
