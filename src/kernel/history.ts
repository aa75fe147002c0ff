import type { JsonObject } from '../protocol/message.js';
import type { ShownOutput } from '../server/backend.js';
import { compileGlobSearch } from './glob-search.js';
import { flagField, integerField, textField } from '../protocol/json-fields.js';

/** Session, line, and the source, or a pair of the source and the text of its result (empty if there is none). */
export type HistoryLine = readonly [number, number, string | readonly [string, string]];

/** The content of `history_reply`. */
export type HistoryReply = { readonly status: 'ok'; readonly history: readonly HistoryLine[] };

/** The text of a result, with the properties by which {@link HistoryAsker.maySee} decides. */
export interface HistoryOutput extends ShownOutput {
  readonly text: string;
}

/** The sender of a `history_request`. */
export interface HistoryAsker {
  readonly identity: string;
  /** Whether the sender may see a result. */
  maySee(output: HistoryOutput): boolean;
}

interface Entry {
  readonly line: number;
  readonly source: string;
  output?: HistoryOutput;
}

/** A kernel's life is one session of history; 0 names it too, as in IPython. */
const SESSION = 1;

/** See {@link createHistory}. */
export type History = ReturnType<typeof createHistory>;

/**
 * The sources that were executed since the kernel started, and their results: in memory, none yet. Sources are kept as they were sent, so
 * `raw` makes no difference.
 */
export function createHistory() {
  const entries: Entry[] = [];
  const searches = new Map<string, Promise<unknown>>();

  /** Without this, many requests of one client would each take a turn before the request of another. */
  const afterOthersOf = async <T>(identity: string, work: () => Promise<T>): Promise<T> => {
    const done = (searches.get(identity) ?? Promise.resolve()).then(work);
    const settled = done.catch(() => undefined);
    searches.set(identity, settled);
    try {
      return await done;
    } finally {
      if (searches.get(identity) === settled) searches.delete(identity);
    }
  };

  const select = async (content: JsonObject, { identity }: HistoryAsker): Promise<readonly Entry[]> => {
    const access = textField(content, 'hist_access_type');
    if (access === 'range') return range(entries, content);
    const found =
      access === 'search'
        ? await afterOthersOf(identity, async () => search([...entries], content))
        : access === 'tail'
          ? entries
          : [];
    const n = integerField(content, 'n') ?? found.length;
    return n > 0 ? found.slice(-n) : [];
  };

  return {
    /** Executions counted so far: the number of the last line. */
    get count(): number {
      return entries.length;
    },
    /** Stores a source and returns its line, which is also its execution count. */
    record(source: string): number {
      return entries.push({ line: entries.length + 1, source });
    },
    /** Stores the result of that line. */
    setOutput(line: number, output: HistoryOutput): void {
      const entry = entries[line - 1];
      if (entry !== undefined) entry.output = output;
    },
    /**
     * Answers a `history_request`. Other requests have their turn while a pattern is searched for, and each identity has one search at a time.
     *
     * @throws CurveKernelError 'message-malformed'
     */
    async answer(content: JsonObject, asker: HistoryAsker): Promise<HistoryReply> {
      const withOutput = flagField(content, 'output', false);
      const selected = await select(content, asker);
      const history = selected.map(({ line, source, output }): HistoryLine => [
        SESSION,
        line,
        withOutput ? [source, output && asker.maySee(output) ? output.text : ''] : source,
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

async function search(entries: readonly Entry[], content: JsonObject): Promise<readonly Entry[]> {
  const matches = compileGlobSearch(content['pattern'] === undefined ? '*' : textField(content, 'pattern'));
  const found: Entry[] = [];
  for (const entry of entries) if (await matches(entry.source)) found.push(entry);
  if (!flagField(content, 'unique', false)) return found;
  const latest = new Map(found.map((entry) => [entry.source, entry.line]));
  return found.filter(({ source, line }) => latest.get(source) === line);
}
