/** Runs cells on the main thread, and stops them. */
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { kill, pid } from 'node:process';
import type { JsonObject } from '../../../protocol/message.js';
import type { ErrorDescription, EvaluatorRequest } from '../../pipe/pipe-messages.js';
import { ORIGINAL, type Builtins } from './builtins.js';
import type { CellContext } from './cell-context.js';
import type { CellStacks } from '../inspect/cell-stack.js';
import { CellSyntaxError } from '../compile/cell-syntax-error.js';
import { compileCell, type CompiledCell } from '../compile/compile-cell.js';
import type { KnownDecorators } from '../compile/decorator-kind.js';
import { describeError, describeSyntaxError, type Standing } from '../inspect/describe-error.js';
import { isShowing } from '../output/display.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { Scopes } from '../compile/lowered-scope.js';
import { mimeBundle, type Bundle } from '../output/mime-bundle.js';
import type { Send } from '../pipe-to-kernel.js';
import { makeAssignable, runScript } from './run-script.js';
import { RUNTIME } from '../compile/runtime-name.js';
import { FLAGS } from '../interrupt/thread-flags.js';
import type { FileImports } from '../modules/typescript-files.js';

type ExecuteRequest = Extract<EvaluatorRequest, { type: 'execute' }>;

/** Runs any number of cells, also beside each other while they await; each is answered by a `done`, the first of which counts. */
export interface CellRunner {
  execute(request: ExecuteRequest): void;
  /**
   * Rejects what cells wait for, and ends those that a termination has left with nothing to wait for. `executions` that are
   * not known here are answered too: a termination may have swallowed them.
   */
  interrupt(executions: readonly number[]): void;
  readonly isRunning: (cell: number) => boolean;
  /** Ends what the cell waits for with an error; where it waits for nothing, the error is shown under it. */
  readonly fail: (cell: number, error: unknown) => void;
  /** Remembers where a cell was terminated, by the frames of its stack. */
  readonly noteStrike: (sites: NodeJS.CallSite[]) => void;
  /** What a top-level await waits for instead of `value`. `offset` is its place in the transpiled cell. */
  readonly guard: (cell: number, offset: number | undefined, value: unknown) => unknown;
}

/** What cells need of the process around them. */
export interface CellRunnerOptions {
  readonly folder: string;
  readonly flags: Int32Array;
  readonly send: Send;
  readonly context: CellContext;
  readonly stacks: CellStacks;
  readonly builtins: Builtins;
  /** Allowed before the first cell runs that imports a file of the notebook. */
  readonly imports: FileImports;
  /** Where compiled cells find the names that lowering adds to them. */
  readonly scopes: Scopes;
  /** Called at the end of each cell. */
  readonly endGroups: (cell: number) => void;
  /** Gives V8 what to run within {@link RUNTIME}'s `run`. */
  readonly setRun: (run: () => void) => void;
}

interface RunningCell {
  readonly request: ExecuteRequest;
  /** What rejects what it waits for. */
  waiting: Record<number, (error: unknown) => void>;
  compiled: CompiledCell | undefined;
  /** Its last value. It goes with the end: one message less for the kernel to wake up for. */
  result: Bundle | undefined;
  /** The place in the transpiled text of the top-level await that it came to last. */
  awaited: number | undefined;
  /** What a top-level await threw last, and its place in the transpiled text. */
  thrown: { readonly error: unknown; readonly offset: number | undefined } | undefined;
}

/** Taken before a cell can replace them. */
const { Atomics, isArray, Object, Promise, Reflect, resolve } = ORIGINAL;
const { setImmediate } = globalThis;
const { then } = Promise.prototype as { then: (...reactions: unknown[]) => unknown };

/** A runner without cells. It opens an inspector session on its own thread. */
export function createCellRunner(options: CellRunnerOptions): CellRunner {
  const { folder, flags, send, context, stacks, builtins, setRun, endGroups, imports, scopes } = options;
  // No `Map`: cells may patch what its methods do.
  const cells = createRecord<RunningCell>();
  const known: KnownDecorators = new Map();
  let waits = 0;
  /** Made where the last termination struck. */
  let struck: Interrupted | undefined;
  const session = new Session();
  session.connect();

  /**
   * Runs `action` inside `Runtime.evaluate`: the boundary at which a termination stops, instead of unwinding the event
   * loop's own frames. Returns whether it ran to its end.
   */
  const runInside = (action: () => void): boolean => {
    let ended = false;
    setRun(() => {
      action();
      ended = true;
    });
    builtins.restore();
    session.post('Runtime.evaluate', { expression: `${RUNTIME}.run()`, silent: true });
    builtins.giveBack();
    return ended;
  };

  /** Struck in the middle, it is done again by {@link CellRunner.interrupt}; the kernel takes the first answer. */
  const finish = (cell: RunningCell, error: ErrorDescription | undefined, userExpressions: JsonObject = {}): void => {
    const { id } = cell.request;
    const { result } = cell;
    if (cells[id] === undefined) return;
    try {
      send({ type: 'done', id, userExpressions, ...(result && { result }), ...(error && { error }) });
    } catch (failure) {
      answerBriefly(id, failure);
    }
    delete cells[id];
    endGroups(id);
  };

  /** In place of an end that cannot be sent, being larger than a frame. Without any, the kernel would wait for ever. */
  const answerBriefly = (id: number, failure: unknown): void => {
    try {
      send({ type: 'done', id, userExpressions: {}, error: describeNow(failure) });
    } catch {
      kill(pid, 'SIGKILL');
    }
  };

  const compile = (code: string, id: number, name: string, executionCount: number): CompiledCell => {
    const filename = join(folder, name);
    builtins.restore();
    try {
      const compiled = compileCell(code, { cell: id, resume: context.resume !== undefined, filename, scopes, known });
      stacks.add(filename, { cell: id, executionCount, code, original: compiled.original });
      makeAssignable(compiled.names);
      if (compiled.importsFiles) imports.allow();
      imports.refresh();
      return compiled;
    } finally {
      builtins.giveBack();
    }
  };

  const drive = async (cell: RunningCell): Promise<void> => {
    const { request } = cell;
    const { id, code, executionCount } = request;
    try {
      cell.compiled = compile(code, id, `jupyter-cell-${id}.ts`, executionCount);
      const running = runScript(cell.compiled);
      const value = (isArray(running) ? running : await running)[0];
      if (isShowing(value)) await guard(id, undefined, value);
      else if (value !== undefined && !request.silent) {
        const bundle = mimeBundle(value);
        const { data, metadata } =
          bundle instanceof Promise ? ((await guard(id, undefined, bundle)) as Bundle) : bundle;
        cell.result = { data, metadata };
      }
      finish(cell, undefined, isEmpty(request.userExpressions) ? {} : await evaluateAll(request));
    } catch (error) {
      finish(cell, describe(cell, error));
    }
  };

  const evaluateAll = async ({ id, userExpressions, executionCount }: ExecuteRequest): Promise<JsonObject> => {
    const found: Record<string, JsonObject> = {};
    let number = 0;
    const names = Reflect.ownKeys(userExpressions) as string[];
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string;
      const expression = userExpressions[name] as string;
      try {
        const compiled = compile(expression, id, `jupyter-cell-${id}-expression-${++number}.ts`, executionCount);
        const value = ((await guard(id, undefined, runScript(compiled))) as unknown[])[0];
        found[name] = { status: 'ok', ...((await guard(id, undefined, mimeBundle(value))) as Bundle) };
      } catch (error) {
        found[name] = { status: 'error', ...describeNow(error) };
      }
    }
    return found;
  };

  const describe = (cell: RunningCell, error: unknown): ErrorDescription => {
    const { code, executionCount } = cell.request;
    return builtins.run(() =>
      error instanceof CellSyntaxError
        ? describeSyntaxError(error, code, executionCount, error.position)
        : describeError(error, stacks, standing(cell, error)),
    );
  };
  const describeNow = (error: unknown): ErrorDescription => builtins.run(() => describeError(error, stacks));

  /** What a terminated cell ends with: where it stood is known if it was its own code that was struck. */
  const interruption = (id: number): Interrupted => {
    const found = struck;
    if (found === undefined || builtins.run(() => stacks.cellOf(found)) !== id) return new Interrupted();
    struck = undefined;
    return found;
  };

  const guard = (id: number, offset: number | undefined, value: unknown): unknown => {
    const cell = cells[id];
    if (cell !== undefined) cell.awaited = offset ?? cell.awaited;
    if (cell === undefined || (typeof value !== 'object' && typeof value !== 'function')) return value;
    const number = ++waits;
    return new Promise((fulfilled, reject) => {
      const fail = (error: unknown): void => {
        delete cell.waiting[number];
        cell.thrown = { error, offset };
        reject(error);
      };
      const fulfil = (result: unknown): void => {
        delete cell.waiting[number];
        fulfilled(result);
      };
      cell.waiting[number] = fail;
      void Reflect.apply(then, resolve(value), [fulfil, fail]);
    });
  };

  return {
    execute(request) {
      const cell: RunningCell = {
        request,
        waiting: createRecord(),
        compiled: undefined,
        result: undefined,
        awaited: undefined,
        thrown: undefined,
      };
      cells[request.id] = cell;
      const ended = runInside(() => context.run(request.id, () => void drive(cell)));
      if (ended) return;
      finish(cell, describeNow(interruption(request.id)));
    },
    interrupt(executions) {
      context.forget();
      builtins.giveBack();
      Atomics.store(flags, FLAGS.child, 0);
      for (let at = 0; at < executions.length; at++) {
        const id = executions[at] as number;
        if (cells[id] === undefined)
          send({ type: 'done', id, userExpressions: {}, error: describeNow(new Interrupted()) });
      }
      for (const id in cells) {
        const cell = cells[id] as RunningCell;
        rejectAll(cell, new Interrupted());
        // A cell that lives has ended by then, or waits in a `finally`. The others are those that a termination struck.
        setImmediate(() => {
          if (isEmpty(cell.waiting)) finish(cell, describe(cell, interruption(cell.request.id)));
        });
      }
    },
    isRunning: (id) => cells[id] !== undefined,
    fail(id, error) {
      const cell = cells[id];
      if (cell === undefined || isEmpty(cell.waiting)) send({ type: 'error', cell: id, ...describeNow(error) });
      else rejectAll(cell, error);
    },
    noteStrike(sites) {
      const error = new Interrupted();
      error.stack = stacks.text(error, sites);
      struck = error;
    },
    guard,
  };
}

function rejectAll(cell: RunningCell, error: unknown): void {
  const { waiting } = cell;
  cell.waiting = createRecord();
  for (const number in waiting) waiting[number]?.(error);
}

/** Keeps values by number, and has no methods that a cell could patch. */
function createRecord<T>(): Record<number, T> {
  return Object.create(null) as Record<number, T>;
}

function isEmpty(record: object): boolean {
  return Reflect.ownKeys(record).length === 0;
}

/** Where a cell stood when it was left by `error`, if that came out of an await of its own. */
function standing({ request, compiled, awaited, thrown }: RunningCell, error: unknown): Standing | undefined {
  // One that is terminated when it goes on after an await is at no place of its own.
  const offset = thrown?.error === error ? thrown?.offset : error instanceof Interrupted ? awaited : undefined;
  if (offset === undefined) return undefined;
  const position = compiled?.originalOffset(offset);
  return position === undefined ? undefined : { executionCount: request.executionCount, position };
}
