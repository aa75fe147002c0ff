/** The exports of TypeScript files that are types, and so do not exist at run time. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseSync, type ParseResult } from 'oxc-parser';
import { isTypeScript, resolveFile } from '../modules/local-modules.js';
import { child, children, declarationName, nameOf, optionalChild, variableNames, type Node } from './syntax-tree.js';

/** Whether a file exports a name as a type and not as a value, itself or by what it exports from other files. */
export function exportsType(file: string, name: string): boolean {
  return kindOfExport(file, name, new Set()) === 'type';
}

/**
 * A file's text with `type` before each name that it imports or exports from another file, where it is a type: TypeScript needs none,
 * but file by file it cannot be told. No line is changed but those of imports and exports.
 */
export function markTypes(code: string, { program }: ParseResult, url: string): string {
  const body = children(program as unknown as Node, 'body');
  const places: number[] = [];
  const types = new Set<string>();
  for (const statement of body) {
    const source = optionalChild(statement, 'source');
    const isLoading = /^(?:Import|ExportNamed)Declaration$/.test(statement.type) && source !== undefined;
    const file = isLoading && !isTypeOnly(statement) ? resolveFile(String(source['value']), url) : undefined;
    if (file === undefined || !isTypeScript(file)) continue;
    for (const each of children(statement, 'specifiers')) {
      const name = optionalChild(each, each.type === 'ExportSpecifier' ? 'local' : 'imported');
      if (name === undefined || isTypeOnly(each) || !exportsType(file, nameOf(name))) continue;
      places.push(each.start);
      if (each.type === 'ImportSpecifier') types.add(nameOf(child(each, 'local')));
    }
  }
  for (const statement of body) {
    if (statement.type !== 'ExportNamedDeclaration' || isTypeOnly(statement) || optionalChild(statement, 'source'))
      continue;
    for (const each of children(statement, 'specifiers'))
      if (!isTypeOnly(each) && types.has(nameOf(child(each, 'local')))) places.push(each.start);
  }
  let marked = code;
  for (const place of places.toSorted((a, b) => b - a)) marked = `${marked.slice(0, place)}type ${marked.slice(place)}`;
  return marked;
}

type Kind = 'type' | 'value';

/** The kind of a name in another module. */
type KindThere = (source: Node, name: string) => Kind | undefined;

/** Undefined for a name that is not exported. A name that is both counts as a value. */
function kindOfExport(file: string, name: string, seen: Set<string>): Kind | undefined {
  const key = `${file}\n${name}`;
  if (seen.has(key) || !isTypeScript(file)) return undefined;
  seen.add(key);
  const body = statementsOf(file);
  const url = pathToFileURL(file).href;
  const kindThere: KindThere = (source, imported) => {
    const target = resolveFile(String(source['value']), url);
    return target === undefined || !isTypeScript(target) ? 'value' : kindOfExport(target, imported, seen);
  };

  const kindsIn = (statement: Node): readonly (Kind | undefined)[] => {
    const source = optionalChild(statement, 'source');
    const declaration = optionalChild(statement, 'declaration');
    if (statement.type === 'ExportAllDeclaration' && source !== undefined) {
      const exported = optionalChild(statement, 'exported');
      const isPackage = resolveFile(String(source['value']), url) === undefined;
      if (exported === undefined ? isPackage : nameOf(exported) !== name) return [];
      const kind = exported === undefined ? kindThere(source, name) : 'value';
      return [kind === 'value' && isTypeOnly(statement) ? 'type' : kind];
    }
    if (statement.type === 'ExportDefaultDeclaration' && declaration !== undefined && name === 'default') {
      if (declaration.type === 'Identifier') return [kindOfLocal(body, nameOf(declaration), kindThere)];
      return [declaration.type === 'TSInterfaceDeclaration' ? 'type' : 'value'];
    }
    if (statement.type !== 'ExportNamedDeclaration') return [];
    const specifiers = children(statement, 'specifiers').filter((each) => nameOf(child(each, 'exported')) === name);
    const kinds = specifiers.map((each) => {
      const local = nameOf(child(each, 'local'));
      if (isTypeOnly(statement) || isTypeOnly(each)) return 'type';
      return source === undefined ? kindOfLocal(body, local, kindThere) : kindThere(source, local);
    });
    return declaration === undefined ? kinds : [declaredKind(declaration, name), ...kinds];
  };
  return valueOrType(body.flatMap(kindsIn));
}

function kindOfLocal(body: readonly Node[], name: string, kindThere: KindThere): Kind | undefined {
  const kindIn = (statement: Node): Kind | undefined => {
    if (statement.type !== 'ImportDeclaration')
      return declaredKind(optionalChild(statement, 'declaration') ?? statement, name);
    const specifier = children(statement, 'specifiers').find((each) => nameOf(child(each, 'local')) === name);
    if (specifier === undefined) return undefined;
    if (isTypeOnly(statement) || isTypeOnly(specifier)) return 'type';
    const imported = optionalChild(specifier, 'imported');
    return imported === undefined ? 'value' : kindThere(child(statement, 'source'), nameOf(imported));
  };
  return valueOrType(body.map(kindIn));
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

function statementsOf(file: string): readonly Node[] {
  try {
    const { program } = parseSync(file, readFileSync(file, 'utf8'), { sourceType: 'module' });
    return children(program as unknown as Node, 'body');
  } catch {
    return []; // it does not exist, or is no file: importing it fails with that error
  }
}

function isTypeOnly(node: Node): boolean {
  return node['importKind'] === 'type' || node['exportKind'] === 'type';
}
