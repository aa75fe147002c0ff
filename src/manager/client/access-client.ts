import type { Access } from '../../access/access.js';
import { acceptReply, decodeUnsaved, notShareableError } from '../../access/requests/access-refusal.js';
import { ACCESS_REQUESTS, type AccessRequest } from '../../access/requests/access-requests.js';
import { ACCESS_EVENT, ACCESS_FEATURE } from '../../access/requests/request-types.js';
import type { ConnectionInfo } from '../../connection/connection-info.js';
import { readConnectionFile } from '../../connection/read-connection-file.js';
import { type CurveKernelError, isCurveKernelError } from '../../errors.js';
import type { CurvePair } from '../../keys/curve-pair.js';
import type { Secret } from '../../keys/secret.js';
import { textsIn } from '../../protocol/json-fields.js';
import { definedOnly } from '../../support/defined-only.js';
import { AccessEvents } from './access-events.js';
import { openControlClient, type ControlClient } from './control-client.js';

/** Options of {@link openAccess}. */
export interface OpenAccessOptions {
  /** The caller's own pair, where the connection file is a grant to its public key. Default: the pair in the file. */
  readonly client?: CurvePair;
  /** The kernel's secret key, where the kernel got it by environment and the caller has it too. */
  readonly secretKey?: Secret;
  /** Milliseconds for the handshakes, and for each reply. Default: 4,500. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** The access control of a kernel over a connection. Every call is a request to the kernel, and needs the right to make it. */
export interface AccessClient extends Access, AsyncDisposable {
  readonly connection: ConnectionInfo;
  /** Closes the connection. Calls that wait for a reply reject with 'transport-closed'. */
  close(): Promise<void>;
}

/**
 * Connects to the access control of a running kernel by its connection file. The calls throw what the kernel replies, and `peer-silent`,
 * `peer-lost`.
 *
 * @throws CurveKernelError `connection-file-*`, `key-*`, `peer-*`; the reason of the signal.
 */
export async function openAccess(file: string, options: OpenAccessOptions = {}): Promise<AccessClient> {
  const { client, secretKey, timeout = 4500, signal } = options;
  const connection = await readConnectionFile(file, definedOnly({ secretKey }));
  const events = new AccessEvents();
  const control = await openControlClient({
    connection,
    timeout,
    ...definedOnly({ client, signal }),
    published: { topics: [ACCESS_EVENT], receive: (message) => events.receive(message) },
  });
  let unsaved: CurveKernelError | undefined;
  const ask = async <Question, Answer>(
    { msgType, encode, decodeReply }: AccessRequest<Question, Answer>,
    question: Question,
  ): Promise<Answer> => {
    const content = encode(question);
    const reply = await control.ask(msgType, content).catch((error) => explainSilence(control, msgType, error));
    acceptReply(msgType, reply);
    if (typeof reply['saved'] === 'boolean') unsaved = decodeUnsaved(reply);
    return decodeReply(reply);
  };
  const setWatch = async (watch: boolean): Promise<void> => void (await ask(ACCESS_REQUESTS.watch, watch));
  const close = (): Promise<void> => control.close();
  return {
    connection,
    get unsaved() {
      return unsaved;
    },
    grant: (request) => ask(ACCESS_REQUESTS.grant, request),
    revoke: (filter) => ask(ACCESS_REQUESTS.revoke, filter),
    rotate: (name, rotation = {}) => ask(ACCESS_REQUESTS.rotate, { name, ...rotation }),
    setRoles: async (name, roles) => void (await ask(ACCESS_REQUESTS.role, { name, roles })),
    setTopic: (topic, visibility) => ask(ACCESS_REQUESTS.topic, { topic, visibility }),
    privateTopics: () => ask(ACCESS_REQUESTS.topic, {}),
    clients: () => ask(ACCESS_REQUESTS.clients, {}),
    can: (name, act) => ask(ACCESS_REQUESTS.can, { name, act }),
    reloadPolicy: async () => (await ask(ACCESS_REQUESTS.policy, {})).roles,
    watch: (onEvent) => events.watch(onEvent, setWatch, timeout),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Some kernels, such as ipykernel, leave unknown requests unanswered. Their `kernel_info_reply` says what they can do. */
async function explainSilence(control: ControlClient, msgType: string, error: unknown): Promise<never> {
  if (!isCurveKernelError(error, 'peer-silent')) throw error;
  const info = await control.ask('kernel_info_request', {}).catch(() => {
    throw error;
  });
  throw textsIn(info['supported_features']).includes(ACCESS_FEATURE) ? error : notShareableError(msgType, error);
}
