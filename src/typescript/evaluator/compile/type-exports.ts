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

/** Undefined for a name that is not exported. A name that is both counts as a value. */
function kindOfExport(file: string, name: string, seen: Set<string>): Kind | undefined {
  const key = `${file}\n${name}`;
  if (seen.has(key) || !isTypeScript(file)) return undefined;
  seen.add(key);
  const body = statementsOf(file);
  const found = new Set<Kind | undefined>();
  const url = pathToFileURL(file).href;
  const kindThere = (source: string, imported: string): Kind | undefined => {
    const target = resolveFile(source, url);
    return target === undefined || !isTypeScript(target) ? 'value' : kindOfExport(target, imported, seen);
  };
  for (const statement of body) {
    const source = optionalChild(statement, 'source');
    if (statement.type === 'ExportAllDeclaration' && source !== undefined) {
      const exported = optionalChild(statement, 'exported');
      if (exported !== undefined)
        found.add(nameOf(exported) === name ? (isTypeOnly(statement) ? 'type' : 'value') : undefined);
      else if (resolveFile(String(source['value']), url) !== undefined) {
        const kind = kindThere(String(source['value']), name);
        found.add(kind === 'value' && isTypeOnly(statement) ? 'type' : kind);
      }
    } else if (statement.type === 'ExportDefaultDeclaration' && name === 'default') {
      const declaration = child(statement, 'declaration');
      if (declaration.type === 'Identifier') found.add(kindOfLocal(body, nameOf(declaration), kindThere));
      else found.add(declaration.type === 'TSInterfaceDeclaration' ? 'type' : 'value');
    } else if (statement.type === 'ExportNamedDeclaration') {
      const declaration = optionalChild(statement, 'declaration');
      if (declaration !== undefined) found.add(declaredKind(declaration, name));
      for (const each of children(statement, 'specifiers')) {
        if (nameOf(child(each, 'exported')) !== name) continue;
        const local = nameOf(child(each, 'local'));
        if (isTypeOnly(statement) || isTypeOnly(each)) found.add('type');
        else
          found.add(
            source === undefined ? kindOfLocal(body, local, kindThere) : kindThere(String(source['value']), local),
          );
      }
    }
  }
  return found.has('value') ? 'value' : found.has('type') ? 'type' : undefined;
}

function kindOfLocal(
  body: readonly Node[],
  name: string,
  kindThere: (source: string, name: string) => Kind | undefined,
): Kind | undefined {
  const found = new Set<Kind | undefined>();
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration') {
      const specifier = children(statement, 'specifiers').find((each) => nameOf(child(each, 'local')) === name);
      if (specifier === undefined) continue;
      const imported = optionalChild(specifier, 'imported');
      if (isTypeOnly(statement) || isTypeOnly(specifier)) found.add('type');
      else
        found.add(
          imported === undefined ? 'value' : kindThere(String(child(statement, 'source')['value']), nameOf(imported)),
        );
    } else found.add(declaredKind(optionalChild(statement, 'declaration') ?? statement, name));
  }
  return found.has('value') ? 'value' : found.has('type') ? 'type' : undefined;
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
