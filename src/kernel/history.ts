import type { JsonObject } from '../protocol/message.js';
import type { ShownOutput } from './backend.js';
import { globMatches } from './glob-matches.js';
import { flagField, integerField, textField } from './request-content.js';

/** Session, line, and the source, or the source and the text of its result, which is empty where there is none. */
export type HistoryLine = readonly [number, number, string | readonly [string, string]];

/** The content of `history_reply`. */
export type HistoryReply = { readonly status: 'ok'; readonly history: readonly HistoryLine[] };

/** What was executed since the kernel started. */
export interface History {
  /** Executions counted so far: the number of the last line. */
  readonly count: number;
  /** Stores a source and returns its line, which is also its execution count. */
  record(source: string): number;
  /** The result of that line. */
  setOutput(line: number, output: HistoryOutput): void;
  /** Answers a `history_request` of who may see some of the results. @throws CurveKernelError 'message-malformed' */
  answer(content: JsonObject, maySee: (output: HistoryOutput) => boolean): HistoryReply;
}

/** The text of a result, and what decides who may see it. */
export interface HistoryOutput extends ShownOutput {
  readonly text: string;
}

interface Entry {
  readonly line: number;
  readonly source: string;
  output?: HistoryOutput;
}

/** A kernel's life is one session of history; 0 names it too, as in IPython. */
const SESSION = 1;

/** A history in memory, empty. Sources are kept as they were sent, so `raw` makes no difference. */
export function createHistory(): History {
  const entries: Entry[] = [];

  const select = (content: JsonObject): readonly Entry[] => {
    const access = textField(content, 'hist_access_type');
    if (access === 'range') return range(entries, content);
    const found = access === 'search' ? search(entries, content) : access === 'tail' ? entries : [];
    const n = integerField(content, 'n') ?? found.length;
    return n > 0 ? found.slice(-n) : [];
  };

  return {
    get count() {
      return entries.length;
    },
    record(source) {
      return entries.push({ line: entries.length + 1, source });
    },
    setOutput(line, output) {
      const entry = entries[line - 1];
      if (entry !== undefined) entry.output = output;
    },
    answer(content, maySee) {
      const withOutput = flagField(content, 'output', false);
      const history = select(content).map(({ line, source, output }): HistoryLine => [
        SESSION,
        line,
        withOutput ? [source, output && maySee(output) ? output.text : ''] : source,
      ]);
      return { status: 'ok', history };
    },
  };
}

/** Lines from `start` until before `stop`; negative numbers count from the end. */
function range(entries: readonly Entry[], content: JsonObject): readonly Entry[] {
  const session = integerField(content, 'session') ?? 0;
  if (session !== 0 && session !== SESSION) return [];
  const end = entries.length + 1;
  const fromEnd = (line: number): number => (line < 0 ? line + end : line);
  const start = fromEnd(integerField(content, 'start') ?? 1);
  const stop = fromEnd(integerField(content, 'stop') ?? end);
  return entries.filter(({ line }) => line >= start && line < stop);
}

function search(entries: readonly Entry[], content: JsonObject): readonly Entry[] {
  const pattern = content['pattern'] === undefined ? '*' : textField(content, 'pattern');
  const found = entries.filter(({ source }) => globMatches(pattern, source));
  if (!flagField(content, 'unique', false)) return found;
  const latest = new Map(found.map((entry) => [entry.source, entry.line]));
  return found.filter(({ source, line }) => latest.get(source) === line);
}
