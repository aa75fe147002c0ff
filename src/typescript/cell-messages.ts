/** The messages of the evaluator that concern one cell: its output, and its questions to the person at the front end. */
import { CurveKernelError } from '../errors.js';
import { inputUnavailableError } from '../kernel/input-requests.js';
import type { CellContext } from '../kernel/language.js';
import { definedOnly } from '../support/defined-only.js';
import type { CellRegistry } from './cell-registry.js';
import type { Answer, EvaluatorMessage } from './pipe/pipe-messages.js';

/** The messages that are output of a cell. */
export type OutputMessage = Extract<EvaluatorMessage, { type: 'stream' | 'display' | 'error' | 'clear' | 'publish' }>;

/** Hands output to its cell. Does nothing without one: output of a process that has not run any. */
export function deliverOutput(
  message: OutputMessage,
  buffers: readonly Uint8Array[],
  cell: CellContext | undefined,
): void {
  switch (message.type) {
    case 'stream':
      cell?.stream(message.name, message.text);
      break;
    case 'display': {
      const { data, metadata, displayId, update } = message;
      cell?.display(data, definedOnly({ metadata, displayId, update }));
      break;
    }
    case 'error':
      cell?.error({ ename: message.ename, evalue: message.evalue, traceback: message.traceback });
      break;
    case 'clear':
      cell?.clearOutput(message.wait);
      break;
    case 'publish':
      cell?.publish(message.msgType, message.content, { metadata: message.metadata, buffers });
      break;
  }
}

/**
 * Asks the client whose cell asks, and returns its answer, or why there is none; never rejects. Output of an unknown cell goes to the one
 * started last; a question does not, where a cell of another identity may have asked it: its answer may be a password.
 */
export async function answerQuestion(
  { cell: number, question, prompt, password }: Extract<EvaluatorMessage, { type: 'input' }>,
  cells: CellRegistry,
): Promise<Answer> {
  try {
    const isGuess = number === 0;
    const cell = isGuess ? cells.find(number) : cells.exactly(number);
    if (cell === undefined) throw inputUnavailableError('the cell that asks has ended');
    return { type: 'answer', question, value: await cell.input(prompt, { password, isGuess }) };
  } catch (error) {
    return {
      type: 'answer',
      question,
      error: error instanceof Error ? error.message : 'The question was not answered.',
      interrupted: error instanceof CurveKernelError && error.code === 'interrupted',
    };
  }
}
