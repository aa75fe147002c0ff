import type { Header } from '../protocol/message.js';
import type { RequestStatus } from '../server/messages/reply.js';
import type { Iopub } from './iopub.js';

/** Tells clients when work on a request begins and ends. */
export interface Status extends RequestStatus {
  /** Published once, when the kernel begins to listen. */
  starting(): void;
  /** As {@link RequestStatus.begin}, for the one request whose code runs until {@link RequestStatus.end}. */
  beginRunning(request: Header): void;
}

/**
 * Busy and idle around requests. Front ends show the last state, whichever request it was about; so when another request ends while code
 * runs, busy is published again for the code.
 */
export function createStatus(iopub: Iopub): Status {
  let running: Header | undefined;
  const publish = (execution_state: string, parent: Header): void =>
    iopub.publish(parent, 'status', { execution_state });
  return {
    starting: () => iopub.publish({}, 'status', { execution_state: 'starting' }),
    begin: (request) => publish('busy', request),
    beginRunning(request) {
      running = request;
      iopub.publishSoon(request, 'status', { execution_state: 'busy' });
    },
    end(request) {
      if (running === request) running = undefined;
      publish('idle', request);
      if (running !== undefined) publish('busy', running);
    },
  };
}
