/** The code before the cursor, and so the kind of completion there. Offsets are UTF-16 units. */
import type { PathStep } from './pipe/pipe-messages.js';
import { scanCode } from './scan-code.js';

/** `prefix` is the part that is typed already; it ends at the cursor. */
export type CompletionTarget =
  | { readonly kind: 'name'; readonly prefix: string }
  | { readonly kind: 'member'; readonly path: readonly PathStep[]; readonly prefix: string }
  | { readonly kind: 'key'; readonly path: readonly PathStep[]; readonly prefix: string; readonly quote: string }
  | { readonly kind: 'module'; readonly prefix: string }
  | { readonly kind: 'nothing' };

const NOTHING: CompletionTarget = { kind: 'nothing' };
const NAME_AT_END = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
/** TypeScript's `!` behind a value, which asserts that it is neither null nor undefined. */
const NON_NULL_AT_END = /(?<=[\p{ID_Continue}$\])])!+$/u;
/** A value in parentheses, perhaps with a type, that are not those of a call. */
const PARENTHESES_AT_END =
  /(?<before>^|[^\p{ID_Continue}$\])\s]\s*|\b(?:return|case|of|in|typeof|void|delete|throw|await)\s+|[;{}]\s*|\n\s*)\((?:\s*<[^<>()]+>)?(?<value>[^()]*?)(?:\s(?:as|satisfies)\s[^()]*)?\)$/u;
const INDEX_AT_END = /\[\s*(?:(?<number>\d+)|'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)")\s*\]$/u;

/** The completion that is possible at `offset`. */
export function completionTarget(code: string, offset: number): CompletionTarget {
  const { inside, start } = scanCode(code, offset);
  if (inside === 'string') return stringTarget(code, start, offset);
  if (inside !== 'code') return NOTHING;
  const text = code.slice(0, offset);
  const prefix = NAME_AT_END.exec(text)?.[0] ?? '';
  const before = text.slice(0, text.length - prefix.length).trimEnd();
  if (!before.endsWith('.') || before.endsWith('..'))
    return /\d$/.test(text) && prefix === '' ? NOTHING : { kind: 'name', prefix };
  if (/(?:^|[^\p{ID_Continue}$\])])\d+\.$/u.test(before)) return NOTHING; // a number's own point
  const path = valuePath(before.replace(/\??\.$/, ''));
  return path === undefined ? NOTHING : { kind: 'member', path, prefix };
}

function stringTarget(code: string, start: number, offset: number): CompletionTarget {
  const prefix = code.slice(start + 1, offset);
  const before = code.slice(0, start).trimEnd();
  if (/(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\(|\brequire\.resolve\s*\()$/.test(before))
    return { kind: 'module', prefix };
  if (!before.endsWith('[')) return NOTHING;
  const path = valuePath(before.slice(0, -1).replace(/\?\.$/, ''));
  return path === undefined ? NOTHING : { kind: 'key', path, prefix, quote: code[start] ?? '"' };
}

/**
 * The value that `text` ends with, as a path from a global variable or a literal: `a.b['c'][0]`. Undefined where it takes a
 * call, or anything else that would have to be run.
 */
export function valuePath(text: string): readonly PathStep[] | undefined {
  const steps: PathStep[] = [];
  for (let rest = withoutTypes(text); ; rest = withoutTypes(rest)) {
    const index = INDEX_AT_END.exec(rest);
    const name = NAME_AT_END.exec(rest)?.[0];
    if (index !== null && /[\p{ID_Continue}$\])!]\s*(?:\?\.)?$/u.test(rest.slice(0, index.index))) {
      const { number, single, double } = index.groups ?? {};
      steps.unshift({ key: number ?? single ?? double ?? '' });
      rest = rest.slice(0, index.index).replace(/\?\.$/, '');
    } else if (name !== undefined) {
      steps.unshift({ key: name });
      rest = rest.slice(0, rest.length - name.length).trimEnd();
      if (!rest.endsWith('.') || rest.endsWith('..')) return steps;
      rest = rest.replace(/\??\.$/, '');
    } else {
      const literal = literalAtEnd(rest);
      return literal === undefined ? undefined : [{ literal }, ...steps];
    }
  }
}

/** The text without what TypeScript adds to a value at its end: `value!`, `(value as Type)`. */
function withoutTypes(text: string): string {
  const rest = text.trimEnd().replace(NON_NULL_AT_END, '');
  const inner = PARENTHESES_AT_END.exec(rest)?.groups?.['value']?.trim();
  return inner === undefined || inner === '' ? rest : withoutTypes(inner);
}

function literalAtEnd(text: string): Extract<PathStep, { literal: string }>['literal'] | undefined {
  if (/["'`]$/.test(text)) return 'string';
  if (/(?:^|[=(,[?:&|!;{}]|return)\s*\[[^[\]]*\]$/.test(text)) return 'array';
  if (/(?:^|[=(,[?:&|!;{}]|return)\s*\/[^/\n]+\/[a-z]*$/.test(text)) return 'regexp';
  return undefined;
}
