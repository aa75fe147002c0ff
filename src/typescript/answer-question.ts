/** Questions of a cell, put to the person at the front end. */
import { CurveKernelError } from '../errors.js';
import type { Cell } from '../kernel/language.js';
import type { Answer, EvaluatorMessage } from './pipe-messages.js';

/** The answer, or why there is none; never rejects. Without a cell it is empty. */
export async function answerQuestion(
  { question, prompt, password }: Extract<EvaluatorMessage, { type: 'input' }>,
  cell: Cell | undefined,
): Promise<Answer> {
  try {
    return { type: 'answer', question, value: (await cell?.input(prompt, { password })) ?? '' };
  } catch (error) {
    return {
      type: 'answer',
      question,
      error: error instanceof Error ? error.message : 'the question was not answered',
      interrupted: error instanceof CurveKernelError && error.code === 'interrupted',
    };
  }
}
