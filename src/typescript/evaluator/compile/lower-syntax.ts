/**
 * Lowers the syntax that the transpiler leaves alone: decorators of TC39, `accessor`, namespaces that export variables, and ES modules as
 * CommonJS.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { CellSyntaxError } from './cell-syntax-error.js';

/** JavaScript, and the source map from it back to the code that was lowered. */
export interface Lowered {
  readonly code: string;
  readonly map: object;
}

/** Options for TypeScript that the transpiler refuses. */
export interface TypesOptions {
  readonly lang: 'ts' | 'tsx';
  /** Whether imports stay that are not used as values. */
  readonly keepsImports: boolean;
}

const OPTIONS = [
  '--target=es2023',
  '--supported:decorators=false',
  '--platform=node',
  '--charset=utf8',
  '--sourcemap=inline',
  '--sources-content=false',
  '--log-level=error',
  '--log-limit=1',
  '--color=false',
];
/** `import.meta` where there is none. */
const META = [
  '--banner:js=const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;',
  '--define:import.meta.url=__importMetaUrl',
  '--define:import.meta.filename=__filename',
  '--define:import.meta.dirname=__dirname',
];
const MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;
const MAX_OUTPUT = 512 * 1024 * 1024;

/**
 * Lowers JavaScript by a run of esbuild, which takes some ten milliseconds. Throws a {@link CellSyntaxError}, whose place is one in `code`.
 */
export function lowerSyntax(code: string, format: 'esm' | 'cjs', types?: TypesOptions): Lowered {
  const options = [...OPTIONS, `--loader=${types?.lang ?? 'js'}`];
  if (types?.keepsImports === true) options.push('--tsconfig-raw={"compilerOptions":{"verbatimModuleSyntax":true}}');
  if (format === 'cjs') options.push('--format=cjs', ...(code.includes('import.meta') ? META : []));
  let output: string;
  try {
    output = execFileSync(esbuildBinary(), options, {
      input: code,
      encoding: 'utf8',
      maxBuffer: MAX_OUTPUT,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    const [, message, line, column] =
      /\[ERROR\] ([^\n]*)\n\s*<stdin>:(\d+):(\d+)/.exec(String((error as { stderr?: unknown }).stderr)) ?? [];
    if (message === undefined) throw error;
    throw new CellSyntaxError(message, { line: Number(line), column: Number(column) + 1 });
  }
  const [comment = '', map = ''] = MAP.exec(output) ?? [];
  return {
    code: output.slice(0, output.length - comment.length),
    map: JSON.parse(Buffer.from(map, 'base64').toString()) as object,
  };
}

/** The program itself: its package would start a second Node, and leave a process running. */
function esbuildBinary(): string {
  const name = `@esbuild/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const own = createRequire(require.resolve('esbuild/package.json'));
    return own.resolve(`${name}/bin/esbuild`);
  } catch (error) {
    const message = `Decorators need ${name}, which is not installed. Install jupyter-curve with its optional dependencies.`;
    throw new Error(message, { cause: error });
  }
}
