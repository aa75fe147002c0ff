/** Every file of src/, parsed: what it imports, what it exports, which globals it touches. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import { repository } from './repository.js';

export interface Import {
  readonly specifier: string;
  /** Path below src/ for an import of our own, without its ending. */
  readonly target: string | undefined;
  /** Erased by the compiler: costs nothing at run time. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** Path below src/, with forward slashes. */
  readonly file: string;
  /** First folder, or the file's own name for a file of src/ itself. */
  readonly room: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Names of exported declarations that have no TSDoc comment right before them. */
  readonly undocumented: readonly string[];
  /** `console`, `process.argv`, `process.exit`, where the code mentions them. */
  readonly globals: readonly string[];
}

const folder = join(repository, 'src');

export function readSources(): readonly Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()
    .map(readSource);
}

function readSource(file: string): Source {
  const text = readFileSync(join(folder, file), 'utf8');
  const parsed = parseSync(file, text);
  if (parsed.errors.length > 0) throw new Error(`src/${file} does not parse: ${parsed.errors[0]?.message}`);
  const toImport = (specifier: string, typeOnly: boolean): Import => ({
    specifier,
    target: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)).replace(/\.js$/, '') : undefined,
    typeOnly,
  });
  const imports: Import[] = [];
  for (const { moduleRequest, entries, start, end } of parsed.module.staticImports) {
    const typeOnly =
      /^import\s+type\b/.test(text.slice(start, end)) || (entries.length > 0 && entries.every((one) => one.isType));
    imports.push(toImport(moduleRequest.value, typeOnly));
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest !== null) imports.push(toImport(moduleRequest.value, isType));
    }
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const specifier = text.slice(moduleRequest.start, moduleRequest.end);
    imports.push(toImport(specifier.replace(/^['"`]|['"`]$/g, ''), false));
  }
  const comments = parsed.comments.filter((one) => one.type === 'Block' && one.value.startsWith('*'));
  const documented = new Set<string>();
  const exported = new Set<string>();
  const globals = new Set<string>();
  walk(parsed.program, (node) => {
    const code = text.slice(node.start, node.end);
    if (node.type === 'ExportNamedDeclaration' && !/^export\s+(type\s+)?\{/.test(code)) {
      const name = /\b(?:function\*?|class|interface|type|const|let)\s+(\w+)/.exec(code)?.[1] ?? code.slice(0, 40);
      exported.add(name);
      if (comments.some((one) => one.end <= node.start && text.slice(one.end, node.start).trim() === ''))
        documented.add(name);
    }
    if (node.type === 'ExportDefaultDeclaration') exported.add('default');
    if (node.type === 'MemberExpression') {
      const used = /^(?:globalThis\.)?(console\b|process\.(?:argv|exit|exitCode|stdin|stdout|stderr)\b)/.exec(
        code,
      )?.[1];
      if (used !== undefined) globals.add(used);
    }
  });
  return {
    file,
    room: file.includes('/') ? (file.split('/')[0] ?? '') : file,
    text,
    lines: text.split('\n').length - 1,
    imports,
    undocumented: [...exported].filter((name) => !documented.has(name)),
    globals: [...globals],
  };
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) visit(value);
  for (const child of Object.values(value)) walk(child, visit);
}

const isNode = (value: object): value is Node => 'type' in value && 'start' in value && 'end' in value;
