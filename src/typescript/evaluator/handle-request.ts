/** Carries out the kernel's requests on the main thread. */
import type { MessagePort } from 'node:worker_threads';
import type { EvaluatorRequest, Interrupt } from '../pipe/pipe-messages.js';
import { ORIGINAL } from './builtins.js';
import { installCellInput } from './run/cell-input.js';
import { importMeta, installCellGlobals } from './run/cell-globals.js';
import { CONSTANT, createImportBinder } from './modules/bind-imports.js';
import { createGuardEach } from './run/cell-guards.js';
import { createCellRunner, type CellRunnerOptions } from './run/cell-runner.js';
import { createDisplay } from './output/display.js';
import type { Scopes } from './compile/lowered-scope.js';
import { createPlaceInFile } from './compile/transpile-file.js';
import { createQuestions } from './run/questions.js';
import { RUNTIME } from './compile/runtime-name.js';
import { describeValue, membersOf } from './inspect/runtime-values.js';
import { createRequestTermination } from './interrupt/request-termination.js';
import { SYNTAX_HELPERS } from './run/syntax-helpers.js';
import { createTerminationBoundary } from './interrupt/termination-boundary.js';
import { FLAGS } from './thread-flags.js';
import { createFileImports } from './modules/typescript-files.js';
import { installWrittenText } from './compile/written-text.js';

const { Atomics } = ORIGINAL;
/** Characters of a description: less than a frame takes. */
const MAX_DESCRIPTION = 256 * 1024;

/** Dependencies of {@link createRequestHandler}. */
export interface HandlerOptions extends Omit<CellRunnerOptions, 'boundary' | 'imports' | 'scopes'> {
  /** To the control thread. */
  readonly port: MessagePort;
}

/** Prepares everything that cells need, and returns the handler of a request. */
export function createRequestHandler(options: HandlerOptions): (request: EvaluatorRequest) => void {
  const { folder, flags, send, tracker, stacks, builtins } = options;
  const questions = createQuestions(options);
  stacks.placeFiles(createPlaceInFile());
  const imports = createFileImports(builtins);
  const scopes: Scopes = {};
  const meta = importMeta(folder);
  const boundary = createTerminationBoundary(builtins);
  const runner = createCellRunner({ ...options, boundary, imports, scopes });
  const runtime = {
    run: boundary.enter,
    guard: runner.guard,
    guardEach: createGuardEach(runner.guard),
    ...createImportBinder(meta.url, builtins),
    constant: CONSTANT,
    /** Around what a cell imports: what has changed since the last time is loaded again. */
    fresh<T>(specifier: T): T {
      imports.refresh();
      return specifier;
    },
    scopes,
    meta,
    current: tracker.mark,
    resume: tracker.resume,
    requestTermination: createRequestTermination(flags, builtins, runner),
  };
  Object.defineProperty(globalThis, RUNTIME, { value: Object.freeze(runtime) });
  Object.defineProperty(globalThis, 'babelHelpers', { value: Object.freeze(SYNTAX_HELPERS) });
  installCellGlobals({ folder, questions, display: createDisplay(send, tracker), imports });
  installWrittenText();
  const { isRunning, fail } = runner;
  installCellInput({ questions, tracker, isRunning, fail });

  /** The main thread is free: what cells wait for is rejected. See interrupt/interrupt-main-thread.ts for the other case. */
  const interrupt = ({ number, executions }: Interrupt): void => {
    if (Atomics.load(flags, FLAGS.interruptSeen) >= number) return;
    Atomics.store(flags, FLAGS.interruptSeen, number);
    Atomics.notify(flags, FLAGS.interruptSeen);
    send({ type: 'interrupted', number });
    runner.interrupt(executions);
  };

  return (request) => {
    switch (request.type) {
      case 'execute':
        runner.execute(request);
        break;
      case 'interrupt':
        interrupt(request);
        break;
      case 'answer':
        questions.answer(request);
        break;
      case 'members':
        send({ type: 'members', id: request.id, members: membersOf(request.path, request.prefix) });
        break;
      case 'describe':
        send({
          type: 'description',
          id: request.id,
          text: describeValue(request.path, request.detail)?.slice(0, MAX_DESCRIPTION) ?? null,
        });
        break;
    }
  };
}
