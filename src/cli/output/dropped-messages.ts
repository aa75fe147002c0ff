import { isCurveKernelError } from '../../errors.js';
import { printWarning } from './output.js';
import { asClause } from '../../support/as-clause.js';

/** Warns of messages of a kernel that could not be read. Disposing prints how many more there were of each kind. */
export interface DroppedMessages extends Disposable {
  /** Takes an error that no caller waits for. Errors that are not about a message are reported where they end the work. */
  note(error: unknown): void;
}

/** @param beforePrint Called before each line, such as to hide a progress bar. */
export function createDroppedMessages(beforePrint: () => void = () => undefined): DroppedMessages {
  const kinds = new Map<string, { readonly what: string; readonly hint: string; more: number }>();
  const warn = (message: string, hint: string): void => {
    beforePrint();
    printWarning({ message, hint });
  };
  return {
    note(error) {
      const found = describe(error);
      if (found === undefined) return;
      // The same fault in messages of different lengths is one kind.
      const kind = found.what.replaceAll(/\d+/g, '0');
      const known = kinds.get(kind);
      if (known !== undefined) {
        known.more++;
        return;
      }
      kinds.set(kind, { ...found, more: 0 });
      warn(`${found.what}; it was dropped.`, found.hint);
    },
    [Symbol.dispose]() {
      for (const { what, hint, more } of kinds.values()) if (more > 0) warn(`${more} more times: ${what}.`, hint);
      kinds.clear();
    },
  };
}

function describe(error: unknown): { readonly what: string; readonly hint: string } | undefined {
  if (isCurveKernelError(error)) {
    const { code, message, hint, data } = error;
    if (!code.startsWith('message-')) return undefined;
    const type = typeof data['msgType'] === 'string' ? ` of type ${JSON.stringify(data['msgType'].slice(0, 64))}` : '';
    return { what: `A message${type} of the kernel could not be read: ${asClause(message)}`, hint };
  }
  if (!(error instanceof Error)) return undefined;
  const hint = 'Report it to those who make the kernel, or update the kernel.';
  return { what: `A message of the kernel could not be used: ${error.message.replace(/\.$/, '')}`, hint };
}
