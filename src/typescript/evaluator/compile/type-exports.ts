/** The exports of TypeScript files that are types, and so do not exist at run time. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseSync, type EcmaScriptModule, type ParseResult } from 'oxc-parser';
import { isTypeScript, resolveFile } from '../modules/local-modules.js';
import { children, declarationName, optionalChild, variableNames, type Node } from './syntax-tree.js';

/** Whether a file exports a name as a type and not as a value, itself or by what it exports from other files. */
export function exportsType(file: string, name: string): boolean {
  return kindOfExport(file, name, new Set()) === 'type';
}

/**
 * A file's text with `type` before each name that it imports or exports from another file, where it is a type: TypeScript needs none,
 * but file by file it cannot be told. No line is changed but those of imports and exports.
 */
export function markTypes(code: string, { module }: ParseResult, url: string): string {
  const isTypeThere = (source: string, name: string | null): boolean => {
    const file = name === null ? undefined : resolveFile(source, url);
    return file !== undefined && name !== null && isTypeScript(file) && exportsType(file, name);
  };
  const imported = module.staticImports.flatMap(({ moduleRequest, entries }) =>
    entries
      .filter(({ importName, isType }) => !isType && isTypeThere(moduleRequest.value, importName.name))
      .map(({ importName }) => importName.start ?? 0),
  );
  const exported = exportsOf(module)
    .filter(
      ({ moduleRequest: source, importName, isType }) =>
        !isType && source !== null && isTypeThere(source.value, importName.name),
    )
    .map(({ start }) => start);
  let marked = code;
  for (const place of [...imported, ...exported].toSorted((a, b) => b - a))
    marked = `${marked.slice(0, place)}type ${marked.slice(place)}`;
  return marked;
}

type Kind = 'type' | 'value';

/** Undefined for a name that is not exported. A name that is both counts as a value. */
function kindOfExport(file: string, name: string, seen: Set<string>): Kind | undefined {
  const key = `${file}\n${name}`;
  const parsed = seen.has(key) || !isTypeScript(file) ? undefined : parse(file);
  if (parsed === undefined) return undefined;
  seen.add(key);
  const { program, module } = parsed;
  const url = pathToFileURL(file).href;
  const kindThere = (source: string, imported: string | null): Kind | undefined => {
    const target = resolveFile(source, url);
    if (imported === null || target === undefined || !isTypeScript(target)) return 'value';
    return kindOfExport(target, imported, seen);
  };
  const kindOfLocal = (local: string): Kind | undefined => {
    const imported = module.staticImports.flatMap(({ moduleRequest, entries }) =>
      entries
        .filter(({ localName }) => localName.value === local)
        .map(({ importName, isType }) => (isType ? 'type' : kindThere(moduleRequest.value, importName.name))),
    );
    const body = children(program as unknown as Node, 'body');
    return valueOrType([
      ...imported,
      ...body.map((each) => declaredKind(optionalChild(each, 'declaration') ?? each, local)),
    ]);
  };

  const kinds = exportsOf(module).map(({ exportName, importName, localName, moduleRequest: source, isType }) => {
    const { name: exported } = exportName;
    if (exported === null && source !== null) {
      // `export *`. What a package exports is not looked for.
      const kind = resolveFile(source.value, url) ? kindThere(source.value, name) : undefined;
      return kind === 'value' && isType ? 'type' : kind;
    }
    if ((exported ?? 'default') !== name) return undefined;
    // The parser takes an abstract class behind `export default` for a type.
    if (isType && exported !== null) return 'type';
    if (source !== null) return kindThere(source.value, importName.name);
    return localName.name === null ? 'value' : kindOfLocal(localName.name);
  });
  return valueOrType(kinds);
}

function exportsOf({ staticExports }: EcmaScriptModule): EcmaScriptModule['staticExports'][number]['entries'] {
  return staticExports.flatMap(({ entries }) => entries);
}

function valueOrType(kinds: readonly (Kind | undefined)[]): Kind | undefined {
  return kinds.includes('value') ? 'value' : kinds.find((kind) => kind !== undefined);
}

function declaredKind(declaration: Node, name: string): Kind | undefined {
  if (declaration.type === 'VariableDeclaration') {
    if (!variableNames(declaration).includes(name)) return undefined;
  } else if (declarationName(declaration) !== name) return undefined;
  const isType = declaration['declare'] === true || /^TS(?:Interface|TypeAlias)Declaration$/.test(declaration.type);
  return isType ? 'type' : 'value';
}

function parse(file: string): ParseResult | undefined {
  try {
    return parseSync(file, readFileSync(file, 'utf8'), { sourceType: 'module' });
  } catch {
    return undefined; // it does not exist, or is no file: importing it fails with that error
  }
}
