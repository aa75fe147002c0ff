/** The requests about the kernel itself. Front ends send them on control, so that they overtake the requests on shell. */
import type { JsonObject } from '../protocol/message.js';
import type { ExecutionContext } from './execution-context.js';
import { errorContent, report } from '../server/messages/error-report.js';
import type { Handler } from '../server/messages/reply.js';
import { flagField } from '../protocol/json-fields.js';
import { withinTime } from './time-limit.js';

/** Milliseconds after which an interrupt that has not happened is an error. */
const INTERRUPT_TIMEOUT = 5_000;

/** Dependencies of {@link controlRequests} beside the context. */
export interface ControlOptions {
  readonly interrupt: () => Promise<void>;
  /** Aborted when the kernel ends. */
  readonly closing: AbortSignal;
}

/** The handlers of the requests about the kernel itself. */
export function controlRequests(
  { language, iopub }: ExecutionContext,
  options: ControlOptions,
): readonly [string, Handler][] {
  const interrupt: Handler = async () => {
    await withinTime(INTERRUPT_TIMEOUT, 'The interrupt', options.interrupt());
    return { status: 'ok' };
  };
  const shutdown: Handler = ({ message }) => {
    const content: JsonObject = { status: 'ok', restart: flagField(message.content, 'restart', false) };
    // For every client, not only the one that asked.
    iopub.publish(message.header, 'shutdown_reply', content);
    return content;
  };
  const debug: Handler = async ({ message }) => {
    if (language.debug !== undefined) return language.debug(message.content, options.closing);
    return errorContent(report('DebuggerMissing', 'This kernel has no debugger.'));
  };
  return [
    ['interrupt_request', interrupt],
    ['shutdown_request', shutdown],
    ['debug_request', debug],
  ];
}
