/** A cell that keeps what happens to it, and a language with everything that it started. */
import type { CellContext, ExecuteOutcome, Language, MimeBundle } from '#src/kernel/language.js';
import { createTypeScriptLanguage, type TypeScriptOptions } from '#src/typescript/typescript-language.js';
import { eventually } from '../eventually.js';

export type CellEvent =
  | { readonly kind: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'result' | 'display'; readonly data: MimeBundle; readonly options?: unknown }
  | { readonly kind: 'error'; readonly ename: string; readonly evalue: string; readonly traceback: readonly string[] }
  | { readonly kind: 'clear'; readonly wait: boolean }
  | { readonly kind: 'input'; readonly prompt: string; readonly password: boolean }
  | {
      readonly kind: 'publish';
      readonly msgType: string;
      readonly content: unknown;
      readonly buffers: readonly Uint8Array[];
    };

/** Answers questions with the texts given, in order; an Error is thrown; without any left it never answers. */
export type Answers = (string | Error)[];

export class RecordedCell implements CellContext {
  readonly aborting = new AbortController();
  readonly signal = this.aborting.signal;
  readonly events: CellEvent[] = [];
  readonly answers: Answers;

  constructor(answers: Answers = []) {
    this.answers = answers;
  }

  stream(kind: 'stdout' | 'stderr', text: string): void {
    this.events.push({ kind, text });
  }

  display(data: MimeBundle, options?: unknown): void {
    this.events.push({ kind: 'display', data, options });
  }

  result(data: MimeBundle): void {
    this.events.push({ kind: 'result', data });
  }

  error(error: { ename: string; evalue: string; traceback: readonly string[] }): void {
    this.events.push({ kind: 'error', ...error });
  }

  clearOutput(wait: boolean): void {
    this.events.push({ kind: 'clear', wait });
  }

  async input(prompt: string, options: { password?: boolean } = {}): Promise<string> {
    this.events.push({ kind: 'input', prompt, password: options.password === true });
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    this.signal.throwIfAborted();
    return await new Promise<string>((_resolve, reject) =>
      this.signal.addEventListener('abort', () => reject(this.signal.reason)),
    );
  }

  publish(msgType: string, content: unknown, options: { buffers?: readonly Uint8Array[] } = {}): void {
    this.events.push({ kind: 'publish', msgType, content, buffers: options.buffers ?? [] });
  }

  /** All that was printed, on one stream or on both. */
  text(kind?: 'stdout' | 'stderr'): string {
    return this.events
      .map((each) =>
        (kind === undefined ? each.kind.startsWith('std') : each.kind === kind) && 'text' in each ? each.text : '',
      )
      .join('');
  }

  /** The text of the result. */
  get shownResult(): string | undefined {
    const found = this.events.find((each) => each.kind === 'result');
    const text = found?.kind === 'result' ? found.data['text/plain'] : undefined;
    return typeof text === 'string' ? text : undefined;
  }
}

export interface Ran {
  readonly outcome: ExecuteOutcome;
  readonly cell: RecordedCell;
  /** The text of the result. */
  readonly result: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly ename: string | undefined;
  readonly evalue: string;
  /** Without colours. */
  readonly traceback: string;
}

export interface RunOptions {
  readonly silent?: boolean;
  readonly userExpressions?: Record<string, string>;
  readonly executionCount?: number;
  readonly answers?: Answers;
  /** Called when the cell has printed this text. */
  readonly onPrinted?: readonly [text: string, action: (cell: RecordedCell) => unknown];
}

export interface Notebook {
  readonly language: Language;
  readonly run: (code: string, options?: RunOptions) => Promise<Ran>;
  /** Starts a cell, waits until it has printed `text`, then interrupts it. */
  readonly interruptAfter: (text: string, code: string) => Promise<Ran>;
}

export function openNotebook(options: TypeScriptOptions = {}): Notebook {
  const language = createTypeScriptLanguage(options);
  let executionCount = 0;
  const run = async (code: string, runOptions: RunOptions = {}): Promise<Ran> => {
    const { silent = false, userExpressions = {}, answers, onPrinted } = runOptions;
    const cell = new RecordedCell(answers);
    executionCount++;
    const request = {
      executionCount,
      ...(runOptions.executionCount !== undefined && { executionCount: runOptions.executionCount }),
      code,
      silent,
      storeHistory: !silent,
      userExpressions,
      allowStdin: true,
    };
    const running = language.execute(request, cell);
    if (onPrinted !== undefined) {
      await eventually(() => cell.text().includes(onPrinted[0]));
      await onPrinted[1](cell);
    }
    const outcome = await running;
    const isError = outcome.status === 'error';
    return {
      outcome,
      cell,
      result: cell.shownResult,
      stdout: cell.text('stdout'),
      stderr: cell.text('stderr'),
      ename: isError ? outcome.ename : undefined,
      evalue: isError ? outcome.evalue : '',
      // oxlint-disable-next-line no-control-regex
      traceback: isError ? outcome.traceback.join('\n').replace(/\u001B\[[\d;]*m/g, '') : '',
    };
  };
  return {
    language,
    run,
    interruptAfter: (text, code) => run(code, { onPrinted: [text, () => language.interrupt?.()] }),
  };
}
