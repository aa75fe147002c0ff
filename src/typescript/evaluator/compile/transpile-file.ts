/** TypeScript files that cells import, as JavaScript. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';
import { CellSyntaxError } from './cell-syntax-error.js';
import { isTypeScript } from '../modules/local-modules.js';
import { lowerSyntax } from './lower-syntax.js';
import { trace, type Position } from './source-maps.js';
import { transpile, type Transpiled } from './transpile-code.js';
import { markTypes } from './type-exports.js';

/** A file's JavaScript and the kind of module that it is. */
export interface TranspiledFile extends Transpiled {
  readonly format: 'module' | 'commonjs';
}

/** Whether a URL or a path is that of a TypeScript file, whatever its query. */
export function isTypeScriptFile(file: string): boolean {
  return isTypeScript(file.startsWith('file:') ? new URL(file).pathname : file);
}

/**
 * Transpiles a TypeScript file by its path. Where `require` asks for it, or the file is CommonJS itself, so is the result.
 * Throws a `SyntaxError` that names the file and the line.
 */
export function transpileFile(file: string, isRequired = false): TranspiledFile {
  const written = readFileSync(file, 'utf8');
  const lang = file.endsWith('x') ? 'tsx' : 'ts';
  const parsed = parseSync(file, written, { lang, sourceType: 'module' });
  const isCommonJs = isRequired || file.endsWith('.cts') || isCommonJsText(written, parsed);
  const code = parsed.errors.length === 0 ? markTypes(written, parsed, pathToFileURL(file).href) : written;
  try {
    const transpiled = transpile({
      code,
      lang,
      folder: dirname(file),
      isCell: false,
      format: isCommonJs ? 'cjs' : 'esm',
      known: new Map(),
    });
    return { ...transpiled, format: isCommonJs ? 'commonjs' : 'module' };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const place = error instanceof CellSyntaxError ? `:${error.position.line}:${error.position.column}` : '';
    throw new SyntaxError(`${file}${place}: ${error.message}`, { cause: error });
  }
}

/**
 * Returns the function that finds the position in a file's own text that a position of its JavaScript comes from; undefined for other
 * files. It transpiles a file once more: the loader's hooks may live on a thread of their own. A file that has changed since it was
 * imported gives the lines that it has now.
 */
export function createPlaceInFile(): (url: string, position: Position) => Position | undefined {
  const known = new Map<string, readonly object[] | undefined>();
  return (url, position) => {
    if (!isTypeScriptFile(url)) return undefined;
    const maps = known.has(url) ? known.get(url) : readMaps(url);
    known.set(url, maps);
    return maps && trace(maps, position);
  };
}

function readMaps(url: string): readonly object[] | undefined {
  try {
    return transpileFile(url.startsWith('file:') ? fileURLToPath(url) : url).maps;
  } catch {
    return undefined; // the file was removed or broken since
  }
}

/** An ES module in JavaScript as CommonJS; undefined for a file that is none. */
export function asCommonJs(file: string): string | undefined {
  const code = readFileSync(file, 'utf8');
  const { module } = parseSync('code.js', code, { lang: 'js', sourceType: 'module' });
  return module.hasModuleSyntax ? lowerSyntax(code, 'cjs').code : undefined;
}

/** By what only CommonJS has: `export =`, `import x = require()`; or `require` and `module.exports` in a file without imports and exports. */
function isCommonJsText(code: string, { program, module }: ReturnType<typeof parseSync>): boolean {
  const isAssigned = program.body.some(
    (each) =>
      each.type === 'TSExportAssignment' ||
      (each.type === 'TSImportEqualsDeclaration' && each.moduleReference.type === 'TSExternalModuleReference'),
  );
  return isAssigned || (!module.hasModuleSyntax && /\b(?:module\.exports|exports\.\w+|require\()/.test(code));
}
