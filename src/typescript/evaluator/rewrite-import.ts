/** Static imports as awaited dynamic ones, which a script may contain. */
import { child, children, optionalChild, type Node } from './syntax-tree.js';
import { RUNTIME } from './runtime-name.js';

/**
 * The text of an import or re-export declaration as assignments to global variables.
 * `awaited` makes an await expression of a promise's text.
 */
export function importText(declaration: Node, awaited: (promise: string) => string): string {
  const source = JSON.stringify(child(declaration, 'source')['value']);
  const attributes = attributesText(declaration);
  const namespace = awaited(`import(${source}${attributes})`);
  if (declaration.type !== 'ImportDeclaration') return `${namespace};`;
  const specifiers = children(declaration, 'specifiers');
  if (specifiers.length === 0) return `${namespace};`;
  const whole = specifiers.find((each) => each.type === 'ImportNamespaceSpecifier');
  const named = specifiers.filter((each) => each !== whole);
  const names = named.map(importedName);
  const pick = (from: string): string =>
    `({ ${named.map((each, at) => `${names[at]}: ${local(each)}`).join(', ')} } = ${RUNTIME}.pick(${from}, ${source}, [${names.join(', ')}]));`;
  if (whole === undefined) return pick(namespace);
  return `${local(whole)} = ${namespace};${named.length === 0 ? '' : ` ${pick(local(whole))}`}`;
}

function local(specifier: Node): string {
  return child(specifier, 'local')['name'] as string;
}

/** The exported name as a string literal: it may be no identifier. */
function importedName(specifier: Node): string {
  const imported = optionalChild(specifier, 'imported');
  return JSON.stringify(imported === undefined ? 'default' : (imported['name'] ?? imported['value']));
}

function attributesText(declaration: Node): string {
  const attributes = declaration['attributes'];
  if (!Array.isArray(attributes) || attributes.length === 0) return '';
  const entries = (attributes as Node[]).map((each) => {
    const key = child(each, 'key');
    return `${JSON.stringify(key['name'] ?? key['value'])}: ${JSON.stringify(child(each, 'value')['value'])}`;
  });
  return `, { with: { ${entries.join(', ')} } }`;
}
