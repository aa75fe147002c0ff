import type { Message } from '../protocol/message.js';
import { parentId } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import type { SentRequest } from './request-table.js';

/** The questions that code in the inner kernel asks, one at a time. */
export interface InputQuestions {
  /** Asks the client of `sent`, after questions asked before. */
  ask(sent: SentRequest, question: Message): void;
  /** True if this `input_reply` answers the open question: it comes from the client that was asked. */
  isAnswer(reply: Request): boolean;
  /** The request was replied to: its questions are closed. */
  end(sent: SentRequest): void;
  /** The clients of a grant are gone, and their questions with them. */
  forget(grant: string): void;
}

/** No question is open. The kernel has one stdin socket, so it could not tell whose answer came. */
export function createInputQuestions(): InputQuestions {
  let questions: { readonly sent: SentRequest; readonly question: Message }[] = [];

  const keep = (wanted: (sent: SentRequest) => boolean): void => {
    const [first] = questions;
    questions = questions.filter(({ sent }) => wanted(sent));
    const [next] = questions;
    if (next !== first) next?.sent.ask(next.question);
  };

  return {
    ask(sent, question) {
      if (questions.push({ sent, question }) === 1) sent.ask(question);
    },
    isAnswer({ client, message }) {
      const [first] = questions;
      if (first === undefined || first.sent.client !== client) return false;
      const parent = parentId(message);
      // jupyter_client and clients built on it send no parent at all; others name the input_request, or the execute_request.
      const named = [undefined, first.question.header.msg_id, first.sent.header.msg_id];
      if (!named.includes(parent)) return false;
      const [, ...others] = questions;
      questions = others;
      others[0]?.sent.ask(others[0].question);
      return true;
    },
    end: (ended) => keep((sent) => sent !== ended),
    forget: (grant) => keep((sent) => sent.grant !== grant),
  };
}
