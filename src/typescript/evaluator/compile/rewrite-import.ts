/** Static imports and re-exports as awaited dynamic imports, which a script may contain. */
import { RUNTIME } from './runtime-name.js';
import { child, children, isNode, nameOf, optionalChild, type Node } from './syntax-tree.js';

/** A name that an import or a re-export gives to cells. */
export interface Binding {
  /** The exported name; `*` for all of the module's exports as an object. */
  readonly imported: string;
  readonly local: string;
}

/** Whether a statement loads another module. Modules do that before anything else. */
export function loadsModule({ type, source }: Node): boolean {
  return /^(?:Import|ExportAll|ExportNamed)Declaration$/.test(type) && isNode(source);
}

/** The names that a statement which loads a module declares. A re-export declares the names that it exports. */
export function importedBindings(declaration: Node): Binding[] {
  const exported = optionalChild(declaration, 'exported');
  if (exported !== undefined) return [{ imported: '*', local: nameOf(exported) }].filter(isBindable);
  if (declaration.type === 'ExportAllDeclaration') return [];
  return children(declaration, 'specifiers')
    .map((each): Binding => {
      const local = nameOf(child(each, 'local'));
      if (each.type === 'ExportSpecifier') return { imported: local, local: nameOf(child(each, 'exported')) };
      if (each.type === 'ImportNamespaceSpecifier') return { imported: '*', local };
      const imported = optionalChild(each, 'imported');
      return { imported: imported === undefined ? 'default' : nameOf(imported), local };
    })
    .filter(isBindable);
}

/**
 * The text of such a statement as one that binds global variables. `awaited` makes an await expression of a promise's text;
 * `used` are the names that the cell uses as values.
 */
export function importText(declaration: Node, awaited: (promise: string) => string, used: ReadonlySet<string>): string {
  const source = JSON.stringify(child(declaration, 'source')['value']);
  const namespace = awaited(`import(${RUNTIME}.fresh(${source})${attributesText(declaration)})`);
  const bindings = importedBindings(declaration);
  if (declaration.type === 'ExportAllDeclaration' && optionalChild(declaration, 'exported') === undefined)
    return `${RUNTIME}.bindAll(${namespace});`;
  if (bindings.length === 0) return `${namespace};`;
  const list = bindings.map(({ imported, local }) => JSON.stringify([imported, local, used.has(local)]));
  return `${RUNTIME}.bind(${namespace}, ${source}, [${list.join(', ')}]);`;
}

function isBindable({ local }: Binding): boolean {
  return local !== 'default' && /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(local);
}

function attributesText(declaration: Node): string {
  const entries = children(declaration, 'attributes').map(
    (each) => `${JSON.stringify(nameOf(child(each, 'key')))}: ${JSON.stringify(child(each, 'value')['value'])}`,
  );
  return entries.length === 0 ? '' : `, { with: { ${entries.join(', ')} } }`;
}
