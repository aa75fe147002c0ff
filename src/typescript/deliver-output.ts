/** Hands what the evaluator put out to the cell that caused it. */
import type { Cell } from '../kernel/language.js';
import type { EvaluatorMessage } from './pipe/pipe-messages.js';

/** The messages that are output of a cell. */
export type OutputMessage = Extract<EvaluatorMessage, { type: 'stream' | 'display' | 'error' | 'clear' | 'publish' }>;

/** Does nothing without a cell: output of a process that has not run one. */
export function deliverOutput(message: OutputMessage, buffers: readonly Uint8Array[], cell: Cell | undefined): void {
  switch (message.type) {
    case 'stream':
      cell?.stream(message.name, message.text);
      break;
    case 'display': {
      const { metadata, displayId, update } = message;
      cell?.display(message.data, {
        metadata,
        ...(displayId === undefined ? {} : { displayId }),
        ...(update === undefined ? {} : { update }),
      });
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
