/** The requests about the kernel itself. Front ends send them on control, so that they overtake what waits on shell. */
import type { JsonObject } from '../protocol/message.js';
import type { Desk } from './execution-context.js';
import { errorContent, report } from '../server/messages/error-report.js';
import type { Handler } from '../server/messages/reply.js';
import { flagField } from '../server/messages/request-content.js';
import { withinTime } from './time-limit.js';

/** Milliseconds after which an interrupt that does not come about is an error. */
const INTERRUPT_LIMIT = 5_000;

/** What these handlers act upon beside the desk. */
export interface ControlOptions {
  readonly interrupt: () => Promise<void>;
  /** Aborted when the kernel ends. */
  readonly closing: AbortSignal;
}

/** A handler for each request about the kernel itself. */
export function controlRequests({ language, iopub }: Desk, options: ControlOptions): readonly [string, Handler][] {
  const interrupt: Handler = async () => {
    await withinTime(INTERRUPT_LIMIT, 'the interrupt', options.interrupt());
    return { status: 'ok' };
  };
  const shutdown: Handler = ({ message }) => {
    const content: JsonObject = { status: 'ok', restart: flagField(message.content, 'restart', false) };
    // Every client learns of it, not only the one that asked.
    iopub.publish(message.header, 'shutdown_reply', content);
    return content;
  };
  const debug: Handler = async ({ message }) => {
    if (language.debug !== undefined) return language.debug(message.content, options.closing);
    return errorContent(report('DebuggerMissing', 'this kernel has no debugger'));
  };
  return [
    ['interrupt_request', interrupt],
    ['shutdown_request', shutdown],
    ['debug_request', debug],
  ];
}
