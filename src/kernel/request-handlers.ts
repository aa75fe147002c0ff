/** The requests that run no code, of the language and of the kernel itself: answered at once, also while code runs. */
import { ACCESS_FEATURE } from '../access/requests/request-types.js';
import { PROTOCOL_VERSION } from '../protocol/create-message.js';
import { toCodePointOffset } from '../protocol/cursor.js';
import { flagField, integerField, textField } from '../protocol/json-fields.js';
import type { JsonObject } from '../protocol/message.js';
import { errorContent, report } from '../server/messages/error-report.js';
import type { Handler } from '../server/messages/reply.js';
import type { ExecutionContext } from './execution-context.js';
import type { Language } from './language.js';
import { withinTime } from './time-limit.js';

/** Milliseconds after which a client gets an error in place of an answer. */
const ANSWER_TIMEOUT = 10_000;
/** Milliseconds after which an interrupt that has not happened is an error. */
const INTERRUPT_TIMEOUT = 5_000;

/** The handlers by message type. `closing` is aborted when the kernel ends. */
export function requestHandlers(
  { language, history, iopub }: ExecutionContext,
  interrupt: () => Promise<void>,
  closing: AbortSignal,
): ReadonlyMap<string, Handler> {
  const ask = async <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(ANSWER_TIMEOUT)]);
    return withinTime(ANSWER_TIMEOUT, what, work(signal));
  };
  const handlers: Readonly<Record<string, Handler>> = {
    kernel_info_request: () => kernelInfo(language),
    async complete_request({ message: { content } }) {
      const { code, cursorPos } = position(content);
      const found = await ask('Completion', async (signal) => language.complete?.({ code, cursorPos }, signal));
      const { matches = [], cursorStart = cursorPos, cursorEnd = cursorPos, metadata = {} } = found ?? {};
      return { status: 'ok', matches, cursor_start: cursorStart, cursor_end: cursorEnd, metadata };
    },
    async inspect_request({ message: { content } }) {
      const detailLevel = integerField(content, 'detail_level') === 1 ? 1 : 0;
      const request = { ...position(content), detailLevel } as const;
      const seen = await ask('Inspection', async (signal) => language.inspect?.(request, signal));
      const { found = false, data = {}, metadata = {} } = seen ?? {};
      return { status: 'ok', found, data, metadata };
    },
    async is_complete_request({ message: { content } }) {
      const code = textField(content, 'code');
      const answer = await ask('The check of completeness', async () => language.isComplete?.(code));
      const { status = 'unknown', indent = '' } = answer ?? {};
      return status === 'incomplete' ? { status, indent } : { status };
    },
    async comm_info_request({ message: { content } }) {
      const target = content['target_name'];
      const comms = await ask('The list of comms', async () =>
        language.commInfo?.(typeof target === 'string' ? target : undefined),
      );
      return { status: 'ok', comms: comms ?? {} };
    },
    history_request: (request) => history.answer(request.message.content, request),
    // Front ends send these on control, so that they overtake the requests on shell.
    async interrupt_request() {
      await withinTime(INTERRUPT_TIMEOUT, 'The interrupt', interrupt());
      return { status: 'ok' };
    },
    shutdown_request({ message }) {
      const content: JsonObject = { status: 'ok', restart: flagField(message.content, 'restart', false) };
      // For every client, not only the one that asked.
      iopub.publish(message.header, 'shutdown_reply', content);
      return content;
    },
    async debug_request({ message }) {
      if (language.debug !== undefined) return language.debug(message.content, closing);
      return errorContent(report('DebuggerMissing', 'This kernel has no debugger.'));
    },
  };
  return new Map(Object.entries(handlers));
}

/** Features that the kernel advertises by what it can do, whatever the language says. */
const DECIDED_HERE = new Set(['debugger', 'kernel subshells', ACCESS_FEATURE]);

/** The content of `kernel_info_reply`. */
function kernelInfo(language: Language): JsonObject {
  const { info } = language;
  const hasDebugger = language.debug !== undefined;
  const features = (info.supported_features ?? []).filter((feature) => !DECIDED_HERE.has(feature));
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: info.implementation,
    implementation_version: info.implementation_version,
    language_info: info.language_info,
    banner: info.banner,
    help_links: (info.help_links ?? []).map(({ text, url }) => ({ text, url })),
    debugger: hasDebugger,
    supported_features: [...features, ...(hasDebugger ? ['debugger'] : []), ACCESS_FEATURE],
  };
}

/** Code and a place in it, in code points; by default the end of the code. */
function position(content: JsonObject): { readonly code: string; readonly cursorPos: number } {
  const code = textField(content, 'code');
  const end = toCodePointOffset(code, code.length);
  const cursorPos = integerField(content, 'cursor_pos') ?? end;
  return { code, cursorPos: Math.min(Math.max(cursorPos, 0), end) };
}
