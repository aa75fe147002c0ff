import { CurveKernelError } from '../../errors.js';
import { objectsIn, textIn } from '../../protocol/json-fields.js';
import type { JsonObject } from '../../protocol/message.js';

/** The fields of a reply that say whether a change is saved for a restart of the kernel. */
export function encodeUnsaved(unsaved: CurveKernelError | undefined): JsonObject {
  if (unsaved === undefined) return { saved: true };
  const { message, hint, data } = unsaved;
  return { saved: false, unsaved: { message, hint, restart: String(data['restart']) } };
}

/** The error in such a reply; undefined when the change is saved. */
export function decodeUnsaved({ saved, unsaved }: JsonObject): CurveKernelError | undefined {
  if (saved !== false) return undefined;
  const [{ message, hint, restart } = {}] = objectsIn([unsaved ?? null]);
  return unsavedError(textIn(message), textIn(hint), textIn(restart));
}

/** A 'state-unsaved' without details: a restart of the kernel may undo what was changed. */
export function unsavedError(
  message = 'Access cannot be saved: a restart of the kernel may undo what was changed.',
  hint = 'Shut the kernel down instead of restarting it; that ends all grants.',
  restart = 'undone',
  cause?: unknown,
): CurveKernelError {
  return new CurveKernelError('state-unsaved', message, { hint, cause, data: { restart } });
}
