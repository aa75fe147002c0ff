import type { Header } from '../protocol/message.js';
import type { Iopub } from './iopub.js';

/** See {@link createStatus}. */
export type Status = ReturnType<typeof createStatus>;

/**
 * Busy and idle around requests. Front ends show the last state, whichever request it was about; so when another request ends while code
 * runs, busy is published again for the code.
 */
export function createStatus(iopub: Iopub) {
  let running: Header | undefined;
  const publish = (execution_state: string, parent: Header): void =>
    iopub.publish(parent, 'status', { execution_state });
  return {
    /** Published once, when the kernel begins to listen. */
    starting: (): void => iopub.publish({}, 'status', { execution_state: 'starting' }),
    begin: (request: Header): void => publish('busy', request),
    /** As `begin`, for the one request whose code runs until `end`. */
    beginRunning(request: Header): void {
      running = request;
      iopub.publishSoon(request, 'status', { execution_state: 'busy' });
    },
    end(request: Header): void {
      if (running === request) running = undefined;
      publish('idle', request);
      if (running !== undefined) publish('busy', running);
    },
  };
}
