import type { Message } from '../protocol/message.js';
import type { ExecuteRequest } from './language.js';
import { flagField, textField, textsField } from '../protocol/json-fields.js';

/** What a client asks for with `execute_request`. */
export interface ExecuteWish {
  /** What the language is told; the execution count is the kernel's to add. */
  readonly execution: Omit<ExecuteRequest, 'executionCount'>;
  /** When this fails, what waits behind it shall not run. */
  readonly stopOnError: boolean;
}

/**
 * Reads the request as the protocol says: silent code is never stored.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute | Execute}
 * @throws CurveKernelError 'message-malformed'
 */
export function readExecuteRequest({ content, metadata }: Message): ExecuteWish {
  const silent = flagField(content, 'silent', false);
  const cellId = metadata['cellId'];
  const execution = {
    code: textField(content, 'code'),
    silent,
    storeHistory: !silent && flagField(content, 'store_history', true),
    userExpressions: textsField(content, 'user_expressions'),
    allowStdin: flagField(content, 'allow_stdin', false),
    ...(typeof cellId === 'string' ? { cellId } : {}),
  };
  return { execution, stopOnError: !silent && flagField(content, 'stop_on_error', true) };
}
