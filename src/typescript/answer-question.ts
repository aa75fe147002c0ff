/** Questions of a cell, put to the person at the front end. */
import { CurveKernelError } from '../errors.js';
import { inputUnavailable } from '../kernel/input-requests.js';
import type { CellRegistry } from './cell-registry.js';
import type { Answer, EvaluatorMessage } from './pipe/pipe-messages.js';

/**
 * The answer of the client whose cell asks, or why there is none; never rejects. Output of a cell that is not known goes to the one started
 * last; a question does not, where a cell of another identity may have asked it: its answer may be a password.
 */
export async function answerQuestion(
  { cell: number, question, prompt, password }: Extract<EvaluatorMessage, { type: 'input' }>,
  cells: CellRegistry,
): Promise<Answer> {
  try {
    const isGuess = number === 0;
    const cell = isGuess ? cells.find(number) : cells.exactly(number);
    if (cell === undefined) throw inputUnavailable('the cell that asks has ended');
    return { type: 'answer', question, value: await cell.input(prompt, { password, isGuess }) };
  } catch (error) {
    return {
      type: 'answer',
      question,
      error: error instanceof Error ? error.message : 'the question was not answered',
      interrupted: error instanceof CurveKernelError && error.code === 'interrupted',
    };
  }
}
