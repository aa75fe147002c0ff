import type { Header, RequestChannel } from '../protocol/message.js';
import type { Request } from '../server/backend.js';
import { bodyBytes } from './body-bytes.js';

/** Bounds the questions of each identity that are in the kernel, which answers them in the order in which they come. */
export interface QuestionWindow {
  /** Sends a question now, or when earlier ones have been answered. Returns false, and does nothing, if too many wait. */
  add(request: Request): boolean;
  /** A request was answered. */
  replied(answered: Asked): void;
  /** The questions of a grant that wait are not asked any more. */
  forget(grant: string): void;
  /** No question that waits is asked any more. */
  clear(): void;
}

/** What tells whose question it is, and where it waits. */
export interface Asked {
  readonly identity: string;
  readonly channel: RequestChannel;
  readonly header: Header;
}

/** The most questions of one identity that are in the kernel, for each of its main shell, control and subshells. */
const MOST_INSIDE = 8;
/** The most that wait outside, and bytes in them. */
const MOST_WAITING = 1_000;
const MOST_BYTES = 64 * 2 ** 20;
/** Milliseconds without any answer after which questions that wait are asked all the same: kernels leave unanswered what they do not know. */
const UNANSWERED = 5_000;

interface Line {
  inside: number;
  bytes: number;
  timer: NodeJS.Timeout | undefined;
  waiting: { readonly request: Request; readonly bytes: number }[];
}

/** A window through which nothing has gone. `enter` sends a request to the kernel. */
export function createQuestionWindow(enter: (request: Request) => void): QuestionWindow {
  const lines = new Map<string, Line>();

  const send = (key: string, line: Line): void => {
    while (line.inside < MOST_INSIDE) {
      const next = line.waiting.shift();
      if (next === undefined) break;
      line.bytes -= next.bytes;
      if (!next.request.isPermitted()) continue;
      line.inside += 1;
      enter(next.request);
    }
    clearTimeout(line.timer);
    line.timer = undefined;
    if (line.waiting.length > 0) line.timer = setTimeout(() => giveUp(key, line), UNANSWERED).unref();
    else if (line.inside === 0) lines.delete(key);
  };
  const giveUp = (key: string, line: Line): void => {
    line.inside = 0;
    send(key, line);
  };

  return {
    add(request) {
      const key = keyOf({ ...request, header: request.message.header });
      const line = lines.get(key) ?? { inside: 0, bytes: 0, timer: undefined, waiting: [] };
      lines.set(key, line);
      if (line.waiting.length === 0 && line.inside < MOST_INSIDE) {
        line.inside += 1;
        enter(request);
        return true;
      }
      const bytes = bodyBytes(request.message);
      if (line.waiting.length >= MOST_WAITING || line.bytes + bytes > MOST_BYTES) return false;
      line.waiting.push({ request, bytes });
      line.bytes += bytes;
      if (line.timer === undefined) line.timer = setTimeout(() => giveUp(key, line), UNANSWERED).unref();
      return true;
    },
    replied(answered) {
      const key = keyOf(answered);
      const line = lines.get(key);
      if (line === undefined) return;
      line.inside = Math.max(0, line.inside - 1);
      send(key, line);
    },
    forget(grant) {
      for (const line of lines.values()) {
        line.waiting = line.waiting.filter(({ request }) => request.grant !== grant);
        line.bytes = line.waiting.reduce((sum, { bytes }) => sum + bytes, 0);
      }
    },
    clear() {
      for (const { timer } of lines.values()) clearTimeout(timer);
      lines.clear();
    },
  };
}

const keyOf = ({ identity, channel, header }: Asked): string =>
  `${identity} ${channel}${(header.subshell_id ?? '') === '' ? '' : ' subshell'}`;
