import { CurveKernelError } from '../errors.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import { parentId } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import type { InputOptions } from './language.js';

interface Question {
  readonly request: Request;
  readonly send: () => string;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@link createInputRequests}. */
export type InputRequests = ReturnType<typeof createInputRequests>;

/** A queue of questions to clients, sent as `origin`. Only the first has been sent, since a stock reply does not say what it answers. */
export function createInputRequests(origin: MessageOrigin) {
  const queue: Question[] = [];
  const gone = new WeakSet<object>();
  const identities = new Set<string>();
  let sentId: string | undefined;

  const sendFirst = (): void => {
    sentId = queue[0]?.send();
  };
  const remove = (question: Question): void => {
    const place = queue.indexOf(question);
    if (place < 0) return;
    queue.splice(place, 1);
    if (place === 0) sendFirst();
  };

  const rejectIf = (matches: (request: Request) => boolean, why: string): void => {
    for (const question of queue.filter(({ request }) => matches(request))) question.reject(inputUnavailableError(why));
  };

  return {
    /** Notes that code of that identity is about to run, and may ask at any later time. */
    noteRun: (identity: string): void => void identities.add(identity),
    /**
     * Asks the client of `request`, after questions asked before. Rejects with the reason of `signal`, and with 'input-unavailable' if it is a
     * guess that code of this request asks, and code of another identity has run as well.
     */
    async ask(request: Request, prompt: string, options: InputOptions, signal: AbortSignal): Promise<string> {
      const { password = false, isGuess = false } = options;
      signal.throwIfAborted();
      if (isGuess && identities.size > 1) throw inputUnavailableError('it is not known which cell asks');
      if (gone.has(request)) throw inputUnavailableError(CLIENT_GONE);
      const parent = request.message.header;
      const send = (): string => {
        const message = createMessage(origin, 'input_request', { prompt, password }, { parent });
        request.ask(message);
        return message.header.msg_id;
      };
      return new Promise((resolve, reject) => {
        const question: Question = { request, send, resolve: settled(resolve), reject: settled(reject) };
        const onAbort = (): void => question.reject(signal.reason);
        function settled<Value>(settle: (value: Value) => void): (value: Value) => void {
          return (value) => {
            signal.removeEventListener('abort', onAbort);
            remove(question);
            settle(value);
          };
        }
        signal.addEventListener('abort', onAbort);
        if (queue.push(question) === 1) sendFirst();
      });
    },
    /** Takes an `input_reply`. Returns false for one that answers no open question, or that another client sent: it is ignored. */
    receive({ message, client }: Request): boolean {
      const [first] = queue;
      const { value } = message.content;
      if (first === undefined || first.request.client !== client || typeof value !== 'string') return false;
      const parent = parentId(message);
      // jupyter_client and clients built on it send no parent at all; others name the input_request, or the execute_request.
      if (parent !== undefined && parent !== sentId && parent !== first.request.message.header.msg_id) return false;
      first.resolve(value);
      return true;
    },
    /** Rejects the questions of `request`: it has ended. */
    end: (request: Request): void => rejectIf((one) => one === request, 'the cell that asked has ended'),
    /** Rejects the questions of these requests, now and later: the clients that sent them are gone. */
    rejectAll(requests: readonly object[]): void {
      for (const request of requests) gone.add(request);
      rejectIf((request) => gone.has(request), CLIENT_GONE);
    },
  };
}

const CLIENT_GONE = 'the client that sent the request is gone';

/** The error for a question that cannot be asked, or not any more. */
export function inputUnavailableError(why: string): CurveKernelError {
  return new CurveKernelError('input-unavailable', `No input can be asked for: ${why}.`, {
    hint: 'Run the cell from a front end that allows input, and ask while the cell runs.',
  });
}
