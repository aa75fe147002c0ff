import type { MessageOrigin } from '../protocol/create-message.js';
import type { History } from './history.js';
import type { InputRequests } from './input-requests.js';
import type { Iopub } from './iopub.js';
import type { Language } from './language.js';
import type { Status } from './status.js';

/** The state of a kernel that requests which run code share. */
export interface ExecutionContext {
  readonly language: Language;
  /** Resolves when the language has started, and is undefined once it has. Rejects when it could not start; the next call then tries again. */
  readonly ready: () => Promise<void> | undefined;
  readonly origin: MessageOrigin;
  readonly iopub: Iopub;
  readonly inputs: InputRequests;
  readonly status: Status;
  readonly history: History;
}
