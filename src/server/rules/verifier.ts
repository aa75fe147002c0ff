import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { CurveKernelError } from '../../errors.js';
import { VERDICT_TIMEOUT } from '../../transport/server/zap-policy.js';
import type { ClientGrant } from '../grants/client-grant.js';
import { withTimeout } from '../../support/timers.js';

/** The key of a client that a verifier decides about. */
export interface VerifiedKey {
  /** The public key, in Z85; the client has proved to hold its secret. */
  readonly publicKey: string;
  readonly fingerprint: string;
  /** The roles that its grants give the identity. */
  readonly roles: readonly string[];
}

/**
 * Returns the role of a client with a granted key, or `'deny'`. It is called for each connection, and again with every
 * re-authorization. An error, an answer after more than 1.5 s, and anything but the name of a role deny.
 */
export type Verify = (identity: string, address: string, key: VerifiedKey) => string | Promise<string>;

/** Asks a verifier so that nothing it does is more than a refusal: the role, or undefined. */
export type AskVerifier = (grant: ClientGrant, address: string) => Promise<string | undefined>;

/** Milliseconds in which the five connections of one client are one question. */
const MEMORY = 1_000;

/** Guards `verify`; `isRole` says which answers mean something. */
export function createAskVerifier(verify: Verify, isRole: (name: string) => boolean): AskVerifier {
  const asked = new Map<string, Promise<string | undefined>>();
  const ask = async (grant: ClientGrant, address: string): Promise<string | undefined> => {
    const { publicKey } = grant.terms;
    try {
      const key = { publicKey, fingerprint: grant.fingerprint ?? '', roles: grant.subject.roles };
      const verified = Promise.resolve(verify(grant.identity, address, key));
      const answer: unknown = await withTimeout(verified, VERDICT_TIMEOUT - 100, () => undefined);
      return typeof answer === 'string' && answer !== 'deny' && isRole(answer) ? answer : undefined;
    } catch {
      return undefined;
    }
  };
  return (grant, address) => {
    const question = `${grant.id} ${address}`;
    let answer = asked.get(question);
    if (answer === undefined) {
      answer = ask(grant, address);
      asked.set(question, answer);
      setTimeout(() => asked.delete(question), MEMORY).unref();
    }
    return answer;
  };
}

/**
 * Loads a verifier: the default export of a module.
 *
 * @throws CurveKernelError 'policy-invalid' when the module cannot be loaded or exports no function: a kernel that is to ask and cannot
 * does not start
 */
export async function loadVerifier(file: string): Promise<Verify> {
  const refuse = (problem: string, cause?: unknown): CurveKernelError =>
    new CurveKernelError('policy-invalid', `The verifier ${file} ${problem}.`, {
      hint: 'Name a module whose default export is (identity, address) => role or "deny".',
      cause,
      data: { file },
    });
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    throw refuse('cannot be loaded', cause);
  }
  const { default: verify } = loaded;
  if (typeof verify !== 'function') throw refuse('has no function as its default export');
  return async (...question) => String(await Reflect.apply(verify, undefined, question));
}
