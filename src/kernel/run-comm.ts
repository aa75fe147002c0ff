import type { Request } from '../server/backend.js';
import { openCellContext } from './cell-context.js';
import type { ExecutionContext } from './execution-context.js';
import { reportError } from '../server/messages/error-report.js';
import { orAborted } from '../support/abort.js';

/** Hands a `comm_open`, `comm_msg` or `comm_close` to the language; where it has no comms, the comm is closed. */
export async function runComm(context: ExecutionContext, request: Request, signal: AbortSignal): Promise<void> {
  const { language, iopub, status } = context;
  const { header, content } = request.message;
  status.beginRunning(header);
  if (language.comm !== undefined) {
    const open = openCellContext(context, request, signal, { executionCount: context.history.count });
    try {
      const starting = context.ready();
      if (starting !== undefined) await orAborted(signal, starting);
      await language.comm(request.message, open.cell);
    } catch (error) {
      open.cell.error(reportError(error));
    }
    open.end();
  } else if (header.msg_type === 'comm_open') {
    iopub.publish(header, 'comm_close', { comm_id: content['comm_id'] ?? '', data: {} });
  }
  status.end(header);
}
