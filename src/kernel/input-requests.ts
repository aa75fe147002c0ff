import { CurveKernelError } from '../errors.js';
import { createMessage, type MessageOrigin } from '../protocol/create-message.js';
import { parentId } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import type { InputOptions } from './language.js';

/** Questions to clients, one at a time. */
export interface InputRequests {
  /** Notes that code of that identity is about to run, and may ask at any later time. */
  noteRun(identity: string): void;
  /**
   * Asks the client of `request`, after questions asked before. Rejects with the reason of `signal`, and with 'input-unavailable' where
   * it is a guess that code of this request asks, and it may be that of another identity.
   */
  ask(request: Request, prompt: string, options: InputOptions, signal: AbortSignal): Promise<string>;
  /** Takes an `input_reply`. False for one that nobody waits for, or that another client sent: it is ignored. */
  receive(reply: Request): boolean;
  /** Gives up what `request` asked: it has ended. */
  drop(request: Request): void;
  /** Gives up what these requests ask, now and later: the clients that sent them are gone. */
  cancelRequests(requests: readonly object[]): void;
}

interface Question {
  readonly request: Request;
  readonly send: () => string;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

/** Questions as `origin`. Only the first in the queue has been sent, since a stock reply does not say what it answers. */
export function createInputRequests(origin: MessageOrigin): InputRequests {
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

  const giveUp = (fits: (request: Request) => boolean, why: string): void => {
    for (const question of queue.filter(({ request }) => fits(request))) question.reject(inputUnavailable(why));
  };

  return {
    noteRun: (identity) => void identities.add(identity),
    async ask(request, prompt, { password = false, isGuess = false }, signal) {
      signal.throwIfAborted();
      if (isGuess && identities.size > 1) throw inputUnavailable('it is not known which cell asks');
      if (gone.has(request)) throw inputUnavailable(CLIENT_GONE);
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
    receive({ message, client }) {
      const [first] = queue;
      const { value } = message.content;
      if (first === undefined || first.request.client !== client || typeof value !== 'string') return false;
      const parent = parentId(message);
      // jupyter_client and its heirs send no parent at all; others name the input_request, or the execute_request.
      if (parent !== undefined && parent !== sentId && parent !== first.request.message.header.msg_id) return false;
      first.resolve(value);
      return true;
    },
    drop: (request) => giveUp((one) => one === request, 'the cell that asked has ended'),
    cancelRequests(requests) {
      for (const request of requests) gone.add(request);
      giveUp((request) => gone.has(request), CLIENT_GONE);
    },
  };
}

const CLIENT_GONE = 'the client that sent the request is gone';

/** @returns the error of a question that cannot be asked, or not any more */
export function inputUnavailable(why: string): CurveKernelError {
  return new CurveKernelError('input-unavailable', `no input can be asked for: ${why}`, {
    hint: 'run the cell from a front end that allows input, and ask while the cell runs',
  });
}
