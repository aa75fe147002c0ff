/** Runs cells on the main thread, and stops them. */
import { join } from 'node:path';
import { kill, pid } from 'node:process';
import type { JsonObject } from '../../../protocol/message.js';
import type { ErrorDescription } from '../../pipe/pipe-messages.js';
import { ORIGINAL, type Builtins } from '../builtins.js';
import { CellSyntaxError } from '../compile/cell-syntax-error.js';
import { compileCell, type CompiledCell } from '../compile/compile-cell.js';
import type { KnownDecorators } from '../compile/decorator-kind.js';
import type { Scopes } from '../compile/lowered-scope.js';
import type { CellStacks } from '../inspect/cell-stack.js';
import { describeError, describeSyntaxError } from '../inspect/describe-error.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { TerminationBoundary } from '../interrupt/termination-boundary.js';
import type { FileImports } from '../modules/typescript-files.js';
import { isShowing } from '../output/display.js';
import { mimeBundle, type Bundle } from '../output/mime-bundle.js';
import type { Send } from '../pipe-to-kernel.js';
import { FLAGS } from '../thread-flags.js';
import type { CellTracker } from './cell-tracker.js';
import { createRecord, isEmpty, RunningCell, type ExecuteRequest } from './running-cell.js';

/** Dependencies of {@link createCellRunner}. */
export interface CellRunnerOptions {
  /** The notebook's folder. */
  readonly folder: string;
  readonly tracker: CellTracker;
  readonly stacks: CellStacks;
  readonly builtins: Builtins;
  /** Allowed before the first cell runs that imports a file of the notebook. */
  readonly imports: FileImports;
  /** The objects in which compiled cells find the names that lowering adds to them. */
  readonly scopes: Scopes;
  readonly flags: Int32Array;
  readonly send: Send;
  readonly boundary: TerminationBoundary;
  /** Called at the end of each cell. */
  readonly endGroups: (cell: number) => void;
}

/** Taken before a cell can replace them. */
const { Atomics, isArray, Promise, Reflect } = ORIGINAL;
const { setImmediate } = globalThis;

/** What {@link createCellRunner} makes. */
export type CellRunner = ReturnType<typeof createCellRunner>;

/** Runs any number of cells, also beside each other while they await; each is answered by a `done`, the first of which counts. */
export function createCellRunner(options: CellRunnerOptions) {
  const { folder, flags, send, tracker, stacks, builtins, imports, scopes, boundary, endGroups } = options;
  const known: KnownDecorators = new Map();
  const cells = createRecord<RunningCell>();
  /** Made where the last termination happened. */
  let terminated: Interrupted | undefined;
  let isEnding = false;

  /** Returns what a top-level await waits for instead of `value`. `offset` is its place in the transpiled cell. */
  const guard = (id: number, offset: number | undefined, value: unknown): unknown => {
    const cell = cells[id];
    return cell === undefined ? value : cell.guard(offset, value);
  };

  /** Compiles a cell, or a user expression of one, under a file name. Throws a `SyntaxError`. */
  const compile = (code: string, { id, executionCount }: ExecuteRequest, name: string): CompiledCell => {
    const filename = join(folder, name);
    builtins.restore();
    try {
      const compiled = compileCell(code, { cell: id, resume: tracker.resume !== undefined, filename, scopes, known });
      stacks.add(filename, { cell: id, executionCount, code, original: compiled.original });
      makeAssignable(compiled.names);
      if (compiled.importsFiles) imports.allow();
      imports.refresh();
      return compiled;
    } finally {
      builtins.giveBack();
    }
  };

  const run = async (cell: RunningCell): Promise<void> => {
    const { request } = cell;
    const { id, code } = request;
    try {
      cell.compiled = compile(code, request, `jupyter-cell-${id}.ts`);
      const running = cell.compiled.run();
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

  const evaluateAll = async (request: ExecuteRequest): Promise<JsonObject> => {
    const { id, userExpressions } = request;
    const found: Record<string, JsonObject> = {};
    const names = Reflect.ownKeys(userExpressions) as string[];
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string;
      try {
        const compiled = compile(
          userExpressions[name] as string,
          request,
          `jupyter-cell-${id}-expression-${at + 1}.ts`,
        );
        const value = ((await guard(id, undefined, compiled.run())) as unknown[])[0];
        found[name] = { status: 'ok', ...((await guard(id, undefined, mimeBundle(value))) as Bundle) };
      } catch (error) {
        found[name] = { status: 'error', ...describe(undefined, error) };
      }
    }
    return found;
  };

  /** Terminated in the middle, it is done again by `interrupt`; the kernel takes the first answer. */
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
      send({ type: 'done', id, userExpressions: {}, error: describe(undefined, failure) });
    } catch {
      kill(pid, 'SIGKILL');
    }
  };

  const describe = (cell: RunningCell | undefined, error: unknown): ErrorDescription =>
    builtins.run(() => {
      if (cell === undefined || !(error instanceof CellSyntaxError))
        return describeError(error, stacks, cell?.standing(error));
      const { code, executionCount } = cell.request;
      return describeSyntaxError(error, code, executionCount, error.position);
    });

  /** The error that a terminated cell ends with: it says where the cell stood if it was its own code that was terminated. */
  const interruption = (id: number): Interrupted => {
    const found = terminated;
    if (found === undefined || builtins.run(() => stacks.cellOf(found)) !== id) return new Interrupted();
    terminated = undefined;
    return found;
  };

  const endTerminated = (cell: RunningCell, standing?: RunningCell): void => {
    isEnding = true;
    try {
      finish(cell, describe(standing, interruption(cell.request.id)));
    } finally {
      isEnding = false;
    }
  };

  return {
    execute(request: ExecuteRequest): void {
      const cell = new RunningCell(request);
      cells[request.id] = cell;
      const ended = boundary.run(() => tracker.run(request.id, () => void run(cell)));
      if (!ended) endTerminated(cell);
    },
    /**
     * Rejects what cells wait for, and ends those that a termination has left with nothing to wait for. `executions` that are not known
     * here are answered too: a termination may have lost them.
     */
    interrupt(executions: readonly number[]): void {
      tracker.forget();
      builtins.giveBack();
      Atomics.store(flags, FLAGS.child, 0);
      for (let at = 0; at < executions.length; at++) {
        const id = executions[at] as number;
        if (cells[id] === undefined)
          send({ type: 'done', id, userExpressions: {}, error: describe(undefined, new Interrupted()) });
      }
      for (const id in cells) {
        const cell = cells[id] as RunningCell;
        cell.rejectAll(new Interrupted());
        // A cell that lives has ended by then, or waits in a `finally`. The others are those that were terminated.
        setImmediate(() => {
          if (!cell.isWaiting) endTerminated(cell, cell);
        });
      }
    },
    /** True while a cell that was terminated is told to have ended: the interrupt, which is tried again and again, has done its work. */
    isEnding: (): boolean => isEnding,
    isRunning: (id: number): boolean => cells[id] !== undefined,
    /** Ends what the cell waits for with an error; where it waits for nothing, the error is shown under it. */
    fail(id: number, error: unknown): void {
      const cell = cells[id];
      if (cell?.isWaiting === true) cell.rejectAll(error);
      else send({ type: 'error', cell: id, ...describe(undefined, error) });
    },
    /** Remembers where a cell was terminated, by the frames of its stack. */
    noteTermination(sites: NodeJS.CallSite[]): void {
      const error = new Interrupted();
      error.stack = stacks.text(error, sites);
      terminated = error;
    },
    guard,
  };
}

/**
 * Turns lazy globals (`crypto`, `navigator`, …) that a cell declares anew into plain variables, as `var` alone does not. They keep
 * their value until the cell assigns another.
 */
function makeAssignable(names: readonly string[]): void {
  for (const name of names) {
    const existing = Object.getOwnPropertyDescriptor(globalThis, name);
    if (existing?.configurable !== true || 'value' in existing) continue;
    const value = Reflect.get(globalThis, name) as unknown;
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
  }
}
