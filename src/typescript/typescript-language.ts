/** TypeScript as a language of the kernel. User code runs in an evaluator, a process of its own. */
import { createRequire } from 'node:module';
import type { Language, LanguageInfo } from '../kernel/language.js';
import { completeCode, inspectCode, type CodeContext } from './complete-code.js';
import { createEvaluator, type TypeScriptOptions } from './evaluator.js';
import { isComplete } from './is-complete.js';

export type { TypeScriptOptions } from './evaluator.js';

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
  const evaluator = createEvaluator({ ...options, cwd: folder });
  const context: CodeContext = { evaluator, folder };
  const { start, execute, interrupt, close } = evaluator;
  return {
    info: LANGUAGE_INFO,
    start,
    execute,
    complete: (request, signal) => completeCode(request, context, signal),
    inspect: (request, signal) => inspectCode(request, context, signal),
    isComplete,
    interrupt,
    close,
  };
}
