/** Runs cells on the main thread, and stops them. */
import { Session } from 'node:inspector';
import { join } from 'node:path';
import type { JsonObject } from '../../protocol/message.js';
import type { ErrorDescription, EvaluatorRequest } from '../pipe-messages.js';
import type { CellContext } from './cell-context.js';
import type { CellStacks } from './cell-stack.js';
import { compileCell, type CompiledCell } from './compile-cell.js';
import { describeError, describeSyntaxError, type Standing } from './describe-error.js';
import { Interrupted } from './interrupted.js';
import { mimeBundle, type Bundle } from './mime-bundle.js';
import type { Send } from './pipe-to-kernel.js';
import { RUNTIME } from './runtime-name.js';
import { FLAGS } from './thread-flags.js';
import { CellSyntaxError } from './transpile-cell.js';

type ExecuteRequest = Extract<EvaluatorRequest, { type: 'execute' }>;

/** Runs any number of cells, also beside each other while they await; each is answered by a `done`, the first of which counts. */
export interface CellRunner {
  execute(request: ExecuteRequest): void;
  /**
   * Rejects what cells wait for, and ends those that a termination has left with nothing to wait for. `executions` that are
   * not known here are answered too: a termination may have swallowed them.
   */
  interrupt(executions: readonly number[]): void;
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
  /** Called before a cell runs that imports a file of the notebook. */
  readonly allowTypeScriptImports: () => void;
  /** Gives V8 what to run within {@link RUNTIME}'s `run`. */
  readonly setRun: (run: () => void) => void;
}

interface RunningCell {
  readonly request: ExecuteRequest;
  readonly waiting: Set<(error: unknown) => void>;
  compiled: CompiledCell | undefined;
  /** Its last value. It goes with the end: one message less for the kernel to wake up for. */
  result: Bundle | undefined;
  /** What a top-level await threw last, and its place in the transpiled text. */
  thrown: { readonly error: unknown; readonly offset: number | undefined } | undefined;
}

/** Taken before a cell can replace them. */
const { setImmediate } = globalThis;
const { then } = Promise.prototype as { then: (...reactions: unknown[]) => unknown };

/** A runner without cells. It opens an inspector session on its own thread. */
export function createCellRunner(options: CellRunnerOptions): CellRunner {
  const { folder, flags, send, context, stacks, setRun, allowTypeScriptImports } = options;
  const cells = new Map<number, RunningCell>();
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
    session.post('Runtime.evaluate', { expression: `${RUNTIME}.run()`, silent: true });
    return ended;
  };

  /** Struck in the middle, it is done again by {@link CellRunner.interrupt}; the kernel takes the first answer. */
  const finish = (cell: RunningCell, error: ErrorDescription | undefined, userExpressions: JsonObject = {}): void => {
    const { id } = cell.request;
    const { result } = cell;
    if (!cells.has(id)) return;
    send({ type: 'done', id, userExpressions, ...(result && { result }), ...(error && { error }) });
    cells.delete(id);
  };

  const compile = (code: string, id: number, name: string, executionCount: number): CompiledCell => {
    const filename = join(folder, name);
    const compiled = compileCell(code, { cell: id, resume: context.resume !== undefined, filename });
    stacks.add(filename, { cell: id, executionCount, code, original: compiled.original });
    makeAssignable(compiled.names);
    if (compiled.importsFiles) allowTypeScriptImports();
    return compiled;
  };

  const drive = async (cell: RunningCell): Promise<void> => {
    const { request } = cell;
    const { id, code, executionCount } = request;
    try {
      cell.compiled = compile(code, id, `jupyter-cell-${id}.ts`, executionCount);
      const running = runScript(cell.compiled);
      const [value] = Array.isArray(running) ? running : await running;
      if (value !== undefined && !request.silent) {
        const bundle = mimeBundle(value);
        const { data, metadata } =
          bundle instanceof Promise ? ((await guard(id, undefined, bundle)) as Bundle) : bundle;
        cell.result = { data, metadata };
      }
      const names = Object.keys(request.userExpressions);
      finish(cell, undefined, names.length === 0 ? {} : await evaluateAll(request));
    } catch (error) {
      finish(cell, describe(cell, error));
    }
  };

  const evaluateAll = async ({ id, userExpressions, executionCount }: ExecuteRequest): Promise<JsonObject> => {
    const found: Record<string, JsonObject> = {};
    let number = 0;
    for (const [name, expression] of Object.entries(userExpressions)) {
      try {
        const compiled = compile(expression, id, `jupyter-cell-${id}-expression-${++number}.ts`, executionCount);
        const [value] = (await guard(id, undefined, runScript(compiled))) as unknown[];
        found[name] = { status: 'ok', ...((await guard(id, undefined, mimeBundle(value))) as Bundle) };
      } catch (error) {
        found[name] = { status: 'error', ...describeError(error, stacks) };
      }
    }
    return found;
  };

  const describe = (cell: RunningCell, error: unknown): ErrorDescription => {
    const { code, executionCount } = cell.request;
    if (error instanceof CellSyntaxError) return describeSyntaxError(error, code, executionCount, error.position);
    return describeError(error, stacks, standing(cell, error));
  };

  const guard = (id: number, offset: number | undefined, value: unknown): unknown => {
    const cell = cells.get(id);
    if (cell === undefined || (typeof value !== 'object' && typeof value !== 'function')) return value;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        cell.waiting.delete(fail);
        cell.thrown = { error, offset };
        reject(error);
      };
      const fulfil = (result: unknown): void => {
        cell.waiting.delete(fail);
        resolve(result);
      };
      cell.waiting.add(fail);
      void Reflect.apply(then, Promise.resolve(value), [fulfil, fail]);
    });
  };

  return {
    execute(request) {
      const cell: RunningCell = {
        request,
        waiting: new Set(),
        compiled: undefined,
        result: undefined,
        thrown: undefined,
      };
      cells.set(request.id, cell);
      const ended = runInside(() => context.run(request.id, () => void drive(cell)));
      if (ended) return;
      finish(cell, describeError(new Interrupted(), stacks));
    },
    interrupt(executions) {
      context.forget();
      Atomics.store(flags, FLAGS.child, 0);
      for (const id of executions) {
        if (!cells.has(id))
          send({ type: 'done', id, userExpressions: {}, error: describeError(new Interrupted(), stacks) });
      }
      for (const cell of cells.values()) {
        const waiting = [...cell.waiting];
        cell.waiting.clear();
        for (const reject of waiting) reject(new Interrupted());
        // A cell that lives has ended by then, or waits in a `finally`. The others are those that a termination struck.
        setImmediate(() => {
          if (cell.waiting.size === 0) finish(cell, describe(cell, new Interrupted()));
        });
      }
    },
    guard,
  };
}

/** Where a cell stood when it was left by `error`, if that came out of an await of its own. */
function standing({ request, compiled, thrown }: RunningCell, error: unknown): Standing | undefined {
  if (thrown?.offset === undefined || thrown.error !== error) return undefined;
  const position = compiled?.originalOffset(thrown.offset);
  return position === undefined ? undefined : { executionCount: request.executionCount, position };
}

/** Turns lazy globals (`crypto`, `navigator`, …) that a cell declares anew into plain variables, as `var` alone does not. */
function makeAssignable(names: readonly string[]): void {
  for (const name of names) {
    const existing = Object.getOwnPropertyDescriptor(globalThis, name);
    if (existing?.configurable !== true || 'value' in existing) continue;
    Object.defineProperty(globalThis, name, { value: undefined, writable: true, enumerable: true, configurable: true });
  }
}

/** The cell's last value, in a list; an empty list when it does not end in an expression. */
function runScript(compiled: CompiledCell): unknown[] | Promise<unknown[]> {
  const value: unknown = compiled.script.runInThisContext();
  if (compiled.isAsync) return (value as () => Promise<unknown[] | undefined>)().then((result) => result ?? []);
  return compiled.hasResult ? [value] : [];
}
