/** TypeScript as a language of the kernel. User code runs in an evaluator, a process of its own. */
import { createRequire } from 'node:module';
import type { Language, LanguageInfo } from '../kernel/language.js';
import { createCellRegistry } from './cell-registry.js';
import { completeCode, inspectCode, type CodeContext } from './complete-code.js';
import { createEvaluator } from './evaluator.js';
import { isComplete } from './is-complete.js';

/** The folder, environment, Node and account of cells. */
export interface TypeScriptOptions {
  /** The notebook's folder: imports are resolved from it, and it is the working directory of cells. Default: the kernel's. */
  readonly cwd?: string;
  /** The environment of cells, from which variables that lead to keys are removed. Default: the kernel's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The Node binary that runs cells, 20.19 or later. Default: the kernel's. */
  readonly execPath?: string;
  /** More arguments for that Node, such as `--max-old-space-size=4096`. */
  readonly evaluatorArguments?: readonly string[];
  /** Milliseconds that a cell may resist an interrupt before its process is replaced. Default: 5000. */
  readonly interruptTimeout?: number;
  /**
   * The account that cells run as, which must be able to read this package, that Node and the folder. Only root may switch to
   * another; that fails when the evaluator is started. Default: the kernel's, with all that it may read.
   */
  readonly user?: string;
}

const { version }: { readonly version: string } = createRequire(import.meta.url)('../../package.json');

const LANGUAGE_INFO: LanguageInfo = {
  implementation: 'jupyter-curve',
  implementation_version: version,
  banner: `TypeScript on Node ${process.versions.node} (jupyter-curve ${version})`,
  language_info: {
    name: 'typescript',
    version: '7.0',
    mimetype: 'text/x-typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    codemirror_mode: 'typescript',
    nbconvert_exporter: 'script',
  },
  help_links: [
    { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
    { text: 'Node.js', url: 'https://nodejs.org/docs/latest/api/' },
  ],
};

/** The TypeScript language. It starts no process before `start` or the first execution. */
export function createTypeScriptLanguage(options: TypeScriptOptions = {}): Language {
  const folder = options.cwd ?? process.cwd();
  const evaluator = createEvaluator({ ...options, cwd: folder, cells: createCellRegistry() });
  const context: CodeContext = { evaluator, folder };
  return {
    info: LANGUAGE_INFO,
    start: () => evaluator.start(),
    execute: (request, cell) => evaluator.execute(request, cell),
    complete: (request, signal) => completeCode(request, context, signal),
    inspect: (request, signal) => inspectCode(request, context, signal),
    isComplete,
    interrupt: () => evaluator.interrupt(),
    close: () => evaluator.close(),
  };
}
