/** The requests that only ask: answered at once, also while code runs. */
import { toCodePointOffset } from '../protocol/cursor.js';
import type { JsonObject, Message } from '../protocol/message.js';
import { kernelInfo } from './kernel-info.js';
import type { Desk } from './execution-context.js';
import type { Handler } from '../server/messages/reply.js';
import { integerField, textField } from '../server/messages/request-content.js';
import { withinTime } from './time-limit.js';

/** Milliseconds after which a client gets an error instead of an answer that does not come. */
const LIMIT = 10_000;

/** A handler for each request that only asks. `closing` is aborted when the kernel ends. */
export function languageRequests({ language, history }: Desk, closing: AbortSignal): readonly [string, Handler][] {
  const ask = async <T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(LIMIT)]);
    return withinTime(LIMIT, what, work(signal));
  };

  const complete = async ({ content }: Message): Promise<JsonObject> => {
    const { code, cursorPos } = position(content);
    const found = await ask('completion', async (signal) => language.complete?.({ code, cursorPos }, signal));
    const { matches = [], cursorStart = cursorPos, cursorEnd = cursorPos, metadata = {} } = found ?? {};
    return { status: 'ok', matches, cursor_start: cursorStart, cursor_end: cursorEnd, metadata };
  };

  const inspect = async ({ content }: Message): Promise<JsonObject> => {
    const detailLevel = integerField(content, 'detail_level') === 1 ? 1 : 0;
    const request = { ...position(content), detailLevel } as const;
    const seen = await ask('inspection', async (signal) => language.inspect?.(request, signal));
    const { found = false, data = {}, metadata = {} } = seen ?? {};
    return { status: 'ok', found, data, metadata };
  };

  const isComplete = async ({ content }: Message): Promise<JsonObject> => {
    const code = textField(content, 'code');
    const answer = await ask('the check of completeness', async () => language.isComplete?.(code));
    const { status = 'unknown', indent = '' } = answer ?? {};
    return status === 'incomplete' ? { status, indent } : { status };
  };

  const commInfo = async ({ content }: Message): Promise<JsonObject> => {
    const target = content['target_name'];
    const comms = await ask('the list of comms', async () =>
      language.commInfo?.(typeof target === 'string' ? target : undefined),
    );
    return { status: 'ok', comms: comms ?? {} };
  };

  return [
    ['kernel_info_request', () => kernelInfo(language)],
    ['complete_request', ({ message }) => complete(message)],
    ['inspect_request', ({ message }) => inspect(message)],
    ['is_complete_request', ({ message }) => isComplete(message)],
    ['comm_info_request', ({ message }) => commInfo(message)],
    ['history_request', (request) => history.answer(request.message.content, request)],
  ];
}

/** Code and a place in it, in code points; the end where the client does not say. */
function position(content: JsonObject): { readonly code: string; readonly cursorPos: number } {
  const code = textField(content, 'code');
  const end = toCodePointOffset(code, code.length);
  const cursorPos = integerField(content, 'cursor_pos') ?? end;
  return { code, cursorPos: Math.min(Math.max(cursorPos, 0), end) };
}
