import { CurveKernelError } from '../errors.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import {
  isRequestType,
  type Channel,
  type Header,
  type JsonObject,
  type Message,
  type RequestChannel,
} from '../protocol/message.js';
import type { Backend, CloseReason, Outlet, Request } from '../server/backend.js';
import { errorContent, report } from '../server/messages/error-report.js';
import { answer, refuseUnknown, type RequestStatus } from '../server/messages/reply.js';
import { createMemoryRelease } from '../support/release-memory.js';
import { settlesWithin } from '../support/timers.js';
import { bodyBytes } from './body-bytes.js';
import { MAX_WAITING } from './execution-gate.js';
import { createExecutionGates } from './execution-gates.js';
import { createHeldRequests } from './held-requests.js';
import type { InnerKernel } from './inner-kernel.js';
import { openInnerLink, type InnerLink } from './inner-link.js';
import { createInputQuestions } from './input-questions.js';
import { createThrottle } from './throttle.js';
import { createQuestionWindow } from './question-window.js';
import { createRequestTable, withHeader, withParentHeader } from './request-table.js';

/** Options of {@link openRelayBackend}. */
export interface RelayBackendOptions {
  /** The sender of what the relay says itself. */
  readonly origin: MessageOrigin;
  /** Called with problems that no client waits for. */
  readonly onFailure: (error: unknown) => void;
  /** The kernel is stopped while no client can take its output. */
  readonly throttles: boolean;
}

/** Milliseconds for the inner kernel to end after it was asked to, and after SIGTERM. */
const SHUTDOWN_TIMEOUT = 1_000;
const TERM_TIMEOUT = 1_000;

const COMM_TYPES = new Set(['comm_open', 'comm_msg', 'comm_close']);

/**
 * Another kernel as the backend of a kernel. Messages pass as they are but for their parents and signatures; what runs code waits here while
 * another client's code runs, so that it can still be taken back.
 */
export function openRelayBackend(inner: InnerKernel, outlet: Outlet, options: RelayBackendOptions): Backend {
  const { origin, onFailure, throttles } = options;
  const table = createRequestTable();
  const inputs = createInputQuestions();
  const held = createHeldRequests();
  /** Requests of the relay itself. What the kernel says about them is not shown. */
  const own = new Set<string>();
  const releaseMemory = createMemoryRelease();
  const closing = new AbortController();
  const throttle = createThrottle({
    waiting: () => outlet.pressure,
    stop: () => inner.hold(true),
    resume: () => inner.hold(false),
  });
  let link: InnerLink | undefined;
  let hasBegun = false;
  /** A client asked the kernel to end, and for this. */
  let ending: CloseReason | undefined;

  const say = (execution_state: string, parent: Header): void =>
    outlet.publish(createMessage(origin, 'status', { execution_state }, { parent }));
  const status: RequestStatus = { begin: (header) => say('busy', header), end: (header) => say('idle', header) };
  const answerHere = (request: Request, content: JsonObject): void =>
    void answer(origin, status, request, () => content);
  const sendOwn = (channel: RequestChannel, msgType: string, content: JsonObject): void => {
    const message = createMessage(origin, msgType, content);
    own.add(message.header.msg_id);
    link?.send(channel, message);
  };
  const interrupt = (): void => {
    // Nothing runs yet; and a kernel that is starting may be ended by a signal.
    if (link === undefined) return;
    throttle.release();
    if (inner.spec.interruptMode === 'signal') inner.signal('SIGINT');
    else sendOwn('control', 'interrupt_request', {});
  };
  const enter = (request: Request): string | undefined => {
    if (link === undefined) return undefined;
    const header = table.admit(request);
    link.send(request.channel, withHeader(request.message, header));
    return header.msg_id;
  };
  const questions = createQuestionWindow((request) => void enter(request));
  const gates = createExecutionGates({
    enter,
    abort: (request) => answerHere(request, { status: 'aborted' }),
    interrupt,
  });

  const pass = (request: Request): void => {
    const { channel, message } = request;
    const { msg_type: type, subshell_id: subshell } = message.header;
    const isMainShell = (subshell ?? '') === '';
    const isExecution = type === 'execute_request';
    if (channel === 'control') throttle.release();
    if (type === 'interrupt_request' && inner.spec.interruptMode === 'signal') {
      interrupt();
      return answerHere(request, { status: 'ok' });
    }
    if (type === 'history_request' && !seesAll(request)) {
      return answerHere(request, { status: 'ok', history: [] });
    }
    if (type === 'shutdown_request') ending = message.content['restart'] === true ? 'restart' : 'shutdown';
    const isGated = channel === 'shell' && (isExecution || (isMainShell && COMM_TYPES.has(type)));
    if (isGated) return gates.add(request, isExecution) ? undefined : answerHere(request, refuseMore);
    if (!isQuestion(request.message)) return void enter(request);
    if (!questions.add(request)) answerHere(request, refuseMore);
  };
  const receive = (request: Request): void => {
    const { msg_type: type } = request.message.header;
    if (type === 'input_reply') {
      if (request.channel === 'stdin' && inputs.isAnswer(request)) link?.send('stdin', request.message);
      else request.disregard();
      return;
    }
    if (type.endsWith('_reply')) return request.disregard();
    // A kernel reads its stdin only while it waits for an answer, and takes what it finds there for one.
    if (request.channel === 'stdin') return void answer(origin, status, request, refuseUnknown);
    if (link !== undefined) return pass(request);
    if (type === 'shutdown_request') {
      answerHere(request, { status: 'ok', restart: request.message.content['restart'] === true });
      return outlet.end(request.message.content['restart'] === true ? 'restart' : 'shutdown');
    }
    if (!held.add(request)) answerHere(request, refuseHeld);
  };

  const publish = (message: Message): void => {
    const { header, parent_header: parent, content } = message;
    const id = parent.msg_id;
    const state = header.msg_type === 'status' ? content['execution_state'] : undefined;
    if (id !== undefined && own.has(id)) {
      if (state === 'idle') own.delete(id);
      return;
    }
    // The relay says both itself.
    if (state === 'starting' || header.msg_type === 'iopub_welcome') return;
    if (id !== undefined && state === 'busy') gates.busy(id);
    outlet.publish(withParentHeader(message, table.originalParent(parent)));
    if (throttles) throttle.check();
    releaseMemory(bodyBytes(message));
    if (id !== undefined && state === 'idle') gates.idle(id);
  };
  const passReply = (channel: RequestChannel, message: Message): void => {
    const { header, parent_header: parent, content } = message;
    const sent = table.takeReplied(channel, parent);
    if (sent !== undefined) {
      inputs.end(sent);
      if (isQuestion(sent)) questions.replied(sent);
    }
    if (header.msg_type === 'execute_reply' && parent.msg_id !== undefined) {
      gates.replied(parent.msg_id, content['status'] === 'error');
    }
    sent?.reply(withParentHeader(message, sent.header));
  };
  const onMessage = (channel: Channel, message: Message): void => {
    if (channel === 'iopub') return publish(message);
    if (channel !== 'stdin') return passReply(channel, message);
    const sent = table.find(message.parent_header);
    if (message.header.msg_type !== 'input_request' || sent === undefined) return;
    inputs.ask(sent, withParentHeader(message, sent.header));
  };

  const connect = async (): Promise<void> => {
    link = await openInnerLink(inner, {
      onMessage,
      onRejected: (_, error) => onFailure(error),
      signal: closing.signal,
    });
    for (const request of held.takeAll()) if (request.isPermitted()) receive(request);
  };
  const watchEnd = async (): Promise<void> => {
    await inner.exited;
    await link?.settled();
    if (!hasBegun || closing.signal.aborted) return;
    closing.abort(endedError());
    outlet.end(ending ?? 'died');
  };

  return {
    begin() {
      hasBegun = true;
      outlet.publish(createMessage(origin, 'status', { execution_state: 'starting' }));
      void watchEnd();
      connect().catch((error: unknown) => {
        if (closing.signal.aborted) return;
        onFailure(error);
        // Without a connection it is of no use; its end is the relay's.
        inner.signal('SIGKILL');
      });
    },
    receive,
    interrupt,
    // A kernel that is starting is told dead by its process, not by its heartbeat.
    isAlive: () => throttle.isHeld || (link?.isAlive() ?? true),
    isRunning: (identity) => gates.isRunning(identity),
    cancelRequests(grant, retain) {
      if (retain !== 'everything') held.forget(grant);
      inputs.forget(grant);
      if (retain !== 'everything') questions.forget(grant);
      gates.cancel(grant, retain);
      if (retain === 'nothing') table.forget(grant);
    },
    async close(reason) {
      closing.abort(endedError());
      throttle.release();
      gates.clear();
      questions.clear();
      const ends = (milliseconds: number): Promise<boolean> => settlesWithin(inner.exited, milliseconds);
      if (link !== undefined && ending === undefined) {
        sendOwn('control', 'shutdown_request', { restart: reason === 'restart' });
        if (await ends(SHUTDOWN_TIMEOUT)) await link.settled();
      }
      inner.signal('SIGTERM');
      if (!(await ends(TERM_TIMEOUT))) inner.signal('SIGKILL');
      await link?.close();
      await inner.dispose();
    },
  };
}

/** History has the code of all, and results if asked for: it is for clients that are shown both as they come. */
function seesAll({ message, maySee }: Request): boolean {
  const all = (msgType: string, metadata: JsonObject): boolean => maySee({ msgType, identity: '', metadata });
  // What cannot be read as groups is for those alone who may see every group: the kernel does not keep results apart by them.
  const everyGroup = message.content['output'] === true ? { groups: null } : {};
  return all('execute_input', {}) && all('execute_result', everyGroup);
}

/** True for what asks, runs no code, and ends nothing. */
const isQuestion = ({ header: { msg_type: type } }: Pick<Message, 'header'>): boolean =>
  isRequestType(type) && !NO_QUESTIONS.has(type);
const NO_QUESTIONS = new Set(['execute_request', 'interrupt_request', 'shutdown_request']);

const refuseMore = errorContent(
  report('TooManyRequests', `${MAX_WAITING} requests of yours wait already, or those of too many subshells.`),
);
const refuseHeld = errorContent(report('TooManyRequests', 'Too many requests wait for the kernel to start.'));

const endedError = (): CurveKernelError =>
  new CurveKernelError('transport-closed', 'The relay was closed.', { hint: 'Start the kernel again.' });
