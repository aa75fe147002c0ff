/** `input()`, and `prompt()` and `confirm()`, which block the cell until the front end has answered. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { Answer } from '../../pipe/pipe-messages.js';
import type { Deferred } from '../../../support/deferred.js';
import { ORIGINAL } from '../builtins.js';
import type { CellTracker } from './cell-tracker.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { Send } from '../pipe-to-kernel.js';
import { FLAGS } from '../thread-flags.js';

/** Asks at the front end. An interrupt throws `Interrupted`, a front end that takes no questions an `Error`. */
export type Questions = ReturnType<typeof createQuestions>;

/** Dependencies of {@link createQuestions}. */
export interface QuestionsOptions {
  readonly send: Send;
  readonly tracker: CellTracker;
  readonly flags: Int32Array;
  /** The control thread leaves answers to blocking questions there. */
  readonly port: MessagePort;
}

const { Atomics, Object, Promise, String } = ORIGINAL;

/** Questions on behalf of the current cell. */
export function createQuestions({ send, tracker, flags, port }: QuestionsOptions) {
  const open: Record<number, Omit<Deferred<string>, 'promise'> | undefined> = Object.create(null) as {};
  let last = 0;

  const ask = (prompt: string, password: boolean, blocking: boolean): number => {
    const question = ++last;
    send({ type: 'input', cell: tracker.known(), question, prompt, password, blocking });
    return question;
  };

  const askAndWait = (prompt: string): string => {
    const question = ask(prompt, false, true);
    for (;;) {
      const answered = Atomics.load(flags, FLAGS.answers);
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        const answer = next.message as Answer;
        // An interrupt that comes this way is followed by a termination.
        if (answer.type === 'answer' && answer.question === question) return valueOf(answer);
      }
      Atomics.wait(flags, FLAGS.answers, answered);
    }
  };

  return {
    /** Asks for a line of text. Rejects when the front end takes no questions, and on an interrupt. */
    input(prompt = '', options: { readonly password?: boolean } = {}): Promise<string> {
      return new Promise((resolve, reject) => {
        open[ask(textOf(prompt), options.password === true, false)] = { resolve, reject };
      });
    },
    /** Asks for a line of text and blocks. An empty line gives the default. */
    prompt(message = '', defaultValue = ''): string {
      const fallback = textOf(defaultValue);
      const hint = fallback === '' ? '' : ` [${fallback}]`;
      return askAndWait(`${textOf(message)}${hint} `.trimStart()) || fallback;
    },
    /** Asks a yes-or-no question and blocks. */
    confirm(message = ''): boolean {
      return /^\s*y(es)?\s*$/i.test(askAndWait(`${textOf(message)} [y/N] `.trimStart()));
    },
    /** Asks for a line of text without a prompt and blocks. An empty line is one. */
    line: (): string => askAndWait(''),
    /** An answer from the kernel to `input`. */
    answer(answer: Answer): void {
      const asked = open[answer.question];
      delete open[answer.question];
      try {
        asked?.resolve(valueOf(answer));
      } catch (error) {
        asked?.reject(error);
      }
    },
  };
}

/** Cells are not type-checked: questions may be anything. */
function textOf(question: unknown): string {
  return String(question);
}

function valueOf(answer: Answer): string {
  if ('value' in answer) return answer.value;
  if (answer.interrupted) throw new Interrupted();
  throw new Error(answer.error);
}
