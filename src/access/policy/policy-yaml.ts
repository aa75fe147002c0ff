import { LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type Field, invalidPolicy, rootField } from './policy-fields.js';
import { quote } from '../quote.js';

/**
 * Reads the YAML 1.2 of a policy file, of which JSON is a part. Anchors, aliases and tags are refused, so nothing in it multiplies,
 * refers to itself or becomes anything but mappings, lists, text, numbers and truths. A name stands once in a mapping.
 *
 * @throws CurveKernelError `policy-invalid` for everything else, with the line.
 */
export function parsePolicyYaml(text: string, source: string): Field {
  const tooMuch = findExcess(text);
  if (tooMuch !== undefined) throw invalidPolicy(source, tooMuch);
  const lines = new LineCounter();
  const lineAt = (offset = 0): number => lines.linePos(offset).line;
  const document = parseDocument(text, { ...OPTIONS, lineCounter: lines });
  if (document.directives.yaml.explicit) throw invalidPolicy(source, 'chooses a version of YAML; it is read as 1.2');
  // Before the parser's own complaints: a pattern without quotes is the likely mistake, and these say so.
  visit(document, {
    Alias: (_, { range, source: name }) => {
      const problem = `${quote(`*${name}`)} refers to another value, which policies do not do`;
      throw invalidPolicy(source, problem, { line: lineAt(range?.[0]), hint: QUOTE });
    },
    Value: (_, node) => {
      const problem = oddityOf(node);
      if (problem !== undefined) throw invalidPolicy(source, problem, { line: lineAt(node.range?.[0]), hint: QUOTE });
    },
  });
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake !== undefined) {
    const problem = `is not YAML: ${mistake.message.replace(/\.$/, '').slice(0, 200)}`;
    throw invalidPolicy(source, problem, { line: lineAt(mistake.pos[0]) });
  }
  return rootField({ name: source, lines }, document.contents);
}

const OPTIONS = { version: '1.2', schema: 'core', merge: false, prettyErrors: false } as const;

const QUOTE = 'Put patterns that begin with "*" or "!" in quotes: YAML has meanings of its own for both.';

function oddityOf(node: Node & { readonly anchor?: string; readonly tag?: string }): string | undefined {
  if (node.anchor !== undefined) return `${quote(`&${node.anchor}`)} names a value, which policies do not do`;
  if (node.tag !== undefined) return `${quote(node.tag)} tags a value, which policies do not do`;
  return undefined;
}

const MAX_BYTES = 32_768;
const MAX_BRACKETS = 400;
const MAX_BLANKS = 64;
const MAX_DASHES = 16;

/**
 * The parser calls itself for every level, and V8 ends the whole process when the stack overflows at a bad moment. So what could
 * nest deeply is counted first, on the safe side: brackets at all, blanks before a line, dashes in it.
 */
function findExcess(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_BYTES) return `has more than ${MAX_BYTES} bytes`;
  if ((text.match(/[[{]/g) ?? []).length > MAX_BRACKETS) return `has more than ${MAX_BRACKETS} brackets`;
  for (const line of text.split('\n')) {
    const blanks = line.length - line.trimStart().length;
    if (blanks > MAX_BLANKS && blanks < line.length) return `indents a line by more than ${MAX_BLANKS} blanks`;
    if (/^\s*#/.test(line)) continue;
    if ((line.match(/[-?]\s/g) ?? []).length > MAX_DASHES) return `has more than ${MAX_DASHES} dashes in a line`;
  }
  return undefined;
}
