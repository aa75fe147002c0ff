import type { ConnectionInfo } from '../../connection/connection-info.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { ACCESS_FEATURE } from '../../protocol/access-feature.js';
import type { JsonObject } from '../../protocol/message.js';
import { ACCESS_EVENT, AccessEvents, type AccessEvent } from './access-events.js';
import {
  readGrant,
  readGrantInUse,
  readIssuedGrant,
  type Grant,
  type GrantInUse,
  type IssuedGrant,
} from './access-grant.js';
import { acceptReply, notShareableError } from './access-refusal.js';
import { openControlClient, type ControlClient } from './control-client.js';
import { optionalText, readObjects, readTexts, requireText } from './reply-fields.js';

/** How to reach the kernel whose access is managed. */
export interface OpenAccessOptions {
  /** Our own pair, where the connection file is a grant to its public key. Default: the pair in the file. */
  readonly client?: CurvePair;
  /** The kernel's secret key, where it was given to the kernel by environment and we have it too. */
  readonly secretKey?: Secret;
  /** Milliseconds for the handshakes, and for each answer. Default: 4,500. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** The grant that {@link Access.grant} asks for. */
export interface GrantRequest {
  readonly name: string;
  readonly roles: readonly string[];
  /** Theirs, in Z85: then they alone hold the secret. Default: a pair that the kernel makes, and sends. */
  readonly publicKey?: string;
  /** Milliseconds until the grant ends, rounded up to seconds. Default: with the kernel. */
  readonly expiresIn?: number;
  /** Addresses and blocks (`10.0.0.0/8`, `local` for ipc) that it may be used from. Default: any. */
  readonly from?: readonly string[];
}

/** Which grants to take back: those that fit all that is given. */
export interface RevokeRequest {
  readonly name?: string;
  /** A public key, or its fingerprint. */
  readonly key?: string;
  readonly id?: string;
  /** Those issued before this moment. */
  readonly allBefore?: Date;
  /** Let a cell end that the identity has running, instead of interrupting it. */
  readonly letFinish?: boolean;
}

/** How to give an identity another key. */
export interface RotateRequest {
  /** Milliseconds for which the older grants still hold, rounded up to seconds. Default: 30,000. */
  readonly overlap?: number;
  /** The public key of the identity's new pair. Default: one that the kernel makes. */
  readonly publicKey?: string;
}

/** Whether an identity may do something, and which rule says so. */
export interface AccessDecision {
  readonly allowed: boolean;
  readonly rule: string;
  /** The right that is missing. */
  readonly missing?: string;
}

/** Who may do what on a running kernel. Every call is a request to it, and needs a right to make it. */
export interface Access extends AsyncDisposable {
  readonly connection: ConnectionInfo;
  /**
   * Why the last change cannot be saved for a restart of the kernel, and what a restart does then; undefined when it is saved. A
   * 'state-unsaved' whose `data.restart` is `'forgotten'` (what was granted last), `'owners-only'` (all grants) or `'undone'` (what was
   * changed, also what was taken away). The change itself holds in any case.
   */
  readonly unsaved: CurveKernelError | undefined;
  grant(request: GrantRequest): Promise<IssuedGrant>;
  /** Resolves with what was taken back, when those connections are closed. Throws `identity-unknown` when nothing fits. */
  revoke(request: RevokeRequest): Promise<readonly Grant[]>;
  rotate(name: string, request?: RotateRequest): Promise<IssuedGrant>;
  setRoles(name: string, roles: readonly string[]): Promise<void>;
  /** Makes a topic visible only to roles that name it, or to all clients. Resolves with the private topics. */
  setTopic(topic: string, visibility: 'private' | 'public'): Promise<readonly string[]>;
  privateTopics(): Promise<readonly string[]>;
  /** Every grant, and who is connected by it. */
  clients(): Promise<readonly GrantInUse[]>;
  /** Whether `name` may do `act`: `execute_request`, `shell.execute_request own`, `iopub.stream groups=salaries`. */
  can(name: string, act: string): Promise<AccessDecision>;
  /** Reads the policy file again, now. Resolves with the names of the roles. */
  reloadPolicy(): Promise<readonly string[]>;
  /** Tells of what happens from now on: who connects, is refused, asks for too much. Resolves with the way to stop it. */
  watch(onEvent: (event: AccessEvent) => void): Promise<() => Promise<void>>;
  /** Closes the connection. */
  close(): Promise<void>;
}

/**
 * Opens the access of a running kernel by its connection file. The calls throw what the kernel answers: `not-permitted`,
 * `identity-unknown`, `last-owner`, `grant-failed` and the like; and `peer-silent`, `peer-lost`.
 *
 * @throws CurveKernelError `connection-file-*`, `key-*`, `peer-*`; the reason of the signal.
 */
export async function openAccess(file: string, options: OpenAccessOptions = {}): Promise<Access> {
  const { client, secretKey, timeout = 4500, signal } = options;
  const connection = await readConnectionFile(file, secretKey === undefined ? {} : { secretKey });
  const events = new AccessEvents();
  const line = await openControlClient({
    connection,
    timeout,
    ...(client === undefined ? {} : { client }),
    ...(signal === undefined ? {} : { signal }),
    published: { topics: [ACCESS_EVENT], receive: (message) => events.receive(message) },
  });
  const close = (): Promise<void> => line.close();
  let unsaved: CurveKernelError | undefined;
  return {
    connection,
    get unsaved() {
      return unsaved;
    },
    ...verbs(line, (reply) => {
      if (typeof reply['saved'] === 'boolean') unsaved = readUnsaved(reply);
    }),
    watch: (onEvent) => events.watch(line, onEvent, timeout),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Verbs = Omit<Access, 'connection' | 'unsaved' | 'watch' | 'close' | typeof Symbol.asyncDispose>;

function verbs(line: ControlClient, note: (reply: JsonObject) => void): Verbs {
  const ask = async (verb: string, content: JsonObject): Promise<JsonObject> => {
    const msgType = `curve_${verb}_request`;
    const reply = acceptReply(
      msgType,
      await line.ask(msgType, content).catch((error) => explainSilence(line, msgType, error)),
    );
    note(reply);
    return reply;
  };
  return {
    grant: async ({ name, roles, publicKey, expiresIn, from }) =>
      readIssuedGrant(
        await ask('grant', {
          name,
          roles,
          ...(publicKey === undefined ? {} : { public_key: publicKey }),
          ...(expiresIn === undefined ? {} : { expires_in: seconds(expiresIn) }),
          ...(from === undefined ? {} : { from }),
        }),
      ),
    revoke: async ({ name, key, id, allBefore, letFinish }) => {
      const reply = await ask('revoke', {
        ...(name === undefined ? {} : { name }),
        ...(key === undefined ? {} : { key }),
        ...(id === undefined ? {} : { id }),
        ...(allBefore === undefined ? {} : { all_before: allBefore.toISOString() }),
        ...(letFinish === undefined ? {} : { let_finish: letFinish }),
      });
      return readObjects(reply['revoked']).map(readGrant);
    },
    rotate: async (name, { overlap, publicKey } = {}) =>
      readIssuedGrant(
        await ask('rotate', {
          name,
          ...(overlap === undefined ? {} : { overlap: seconds(overlap) }),
          ...(publicKey === undefined ? {} : { public_key: publicKey }),
        }),
      ),
    setRoles: async (name, roles) => void (await ask('role', { name, roles })),
    setTopic: async (topic, visibility) =>
      readTexts((await ask('topic', { topic, private: visibility === 'private' }))['private_topics']),
    privateTopics: async () => readTexts((await ask('topic', {}))['private_topics']),
    clients: async () => readObjects((await ask('clients', {}))['clients']).map(readGrantInUse),
    can: async (name, act) => {
      const reply = await ask('can', { name, act });
      const missing = optionalText(reply, 'missing');
      return {
        allowed: reply['allowed'] === true,
        rule: requireText(reply, 'rule'),
        ...(missing === undefined ? {} : { missing }),
      };
    },
    reloadPolicy: async () => readTexts((await ask('policy', {}))['roles']),
  };
}

/** Some kernels, such as ipykernel, leave requests unanswered that they do not know. What they can do they say in another answer. */
async function explainSilence(line: ControlClient, msgType: string, error: unknown): Promise<never> {
  if (!isCurveKernelError(error, 'peer-silent')) throw error;
  const info = await line.ask('kernel_info_request', {}).catch(() => {
    throw error;
  });
  throw readTexts(info['supported_features']).includes(ACCESS_FEATURE) ? error : notShareableError(msgType, error);
}

/** Whether what a reply tells of is saved; undefined when it is. */
function readUnsaved({ saved, unsaved }: JsonObject): CurveKernelError | undefined {
  if (saved !== false) return undefined;
  const [said = {}] = readObjects([unsaved ?? null]);
  const message =
    optionalText(said, 'message') ?? 'The kernel cannot save access: a restart may undo what was changed.';
  return new CurveKernelError('state-unsaved', message, {
    hint: optionalText(said, 'hint') ?? 'Shut the kernel down instead of restarting it; that ends all grants.',
    data: { restart: optionalText(said, 'restart') ?? 'undone' },
  });
}

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);
