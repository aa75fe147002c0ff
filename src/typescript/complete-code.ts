/** Completion and inspection from the values that cells have made, without running any code. */
import type { CompleteReply, CompleteRequest, InspectReply, InspectRequest } from '../kernel/language.js';
import { toCodePointOffset, toUtf16Offset } from '../protocol/cursor.js';
import { completionTarget, valuePath, type CompletionTarget } from './completion-target.js';
import type { Evaluator } from './evaluator.js';
import { moduleSpecifiers } from './module-specifiers.js';
import type { Member, PathStep } from './pipe/pipe-messages.js';

/** The sources of completion and inspection: values of cells, and files. */
export interface CodeContext {
  readonly evaluator: Evaluator;
  /** The notebook's folder. */
  readonly folder: string;
}

const KEYWORDS = (
  'abstract any as asserts async await bigint boolean break case catch class const continue debugger declare default delete ' +
  'do else enum export extends false finally for from function get if implements import in infer instanceof interface is ' +
  'keyof let namespace never new null number object of private protected public readonly return satisfies set static string ' +
  'super switch symbol this throw true try type typeof undefined unique unknown using var void while with yield'
).split(' ');

const DECLARATION =
  /\b(const|let|var|function\*?|class|enum|type|interface|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Answers `complete_request`. While a cell keeps the evaluator busy there are only keywords and names of the code itself. */
export async function completeCode(
  { code, cursorPos }: CompleteRequest,
  context: CodeContext,
  signal: AbortSignal,
): Promise<CompleteReply> {
  const offset = toUtf16Offset(code, cursorPos);
  const target = completionTarget(code, offset);
  const members = await membersFor(target, code, context, signal);
  const prefix = target.kind === 'nothing' ? '' : target.prefix;
  const cursorStart = toCodePointOffset(code, offset - prefix.length);
  const cursorEnd = toCodePointOffset(code, offset);
  const types = members.map(({ name, type }) => ({ start: cursorStart, end: cursorEnd, text: name, type }));
  const metadata = { _jupyter_types_experimental: types };
  return { matches: members.map(({ name }) => name), cursorStart, cursorEnd, metadata };
}

async function membersFor(
  target: CompletionTarget,
  code: string,
  { evaluator, folder }: CodeContext,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  const lookUp = async (path: readonly PathStep[], prefix: string): Promise<readonly Member[]> => {
    const reply = await evaluator.lookUp({ type: 'members', path, prefix }, signal);
    return reply?.type === 'members' ? reply.members : [];
  };
  if (target.kind === 'nothing') return [];
  if (target.kind === 'module') {
    return (await moduleSpecifiers(target.prefix, folder)).map((name) => ({ name, type: 'module' }));
  }
  const members = await lookUp(target.kind === 'name' ? [] : target.path, target.prefix);
  if (target.kind === 'name') return names(target.prefix, code, members);
  if (target.kind === 'member') return members.filter(({ name }) => NAME.test(name));
  return members.map(({ name, type }) => ({ name: escapeIn(name, target.quote), type }));
}

/** Names of the code itself, then variables, then keywords. */
function names(prefix: string, code: string, globals: readonly Member[]): Member[] {
  const declared = [...code.matchAll(DECLARATION)].map(([, keyword = '', name = '']) => ({
    name,
    type: declaredType(keyword),
  }));
  const keywords = KEYWORDS.map((name) => ({ name, type: 'keyword' }));
  const sorted = globals.filter(({ name }) => NAME.test(name)).toSorted((a, b) => a.name.localeCompare(b.name));
  const found = new Map<string, Member>();
  for (const each of [...declared, ...sorted, ...keywords]) {
    // The name being typed is no completion of itself.
    const isTyped = each.name === prefix && each.type !== 'keyword' && !globals.some(({ name }) => name === prefix);
    if (each.name.startsWith(prefix) && !isTyped && !found.has(each.name)) found.set(each.name, each);
  }
  return [...found.values()];
}

function declaredType(keyword: string): string {
  if (keyword.startsWith('function')) return 'function';
  return keyword === 'class' || keyword === 'enum' || keyword === 'interface' || keyword === 'type'
    ? 'class'
    : 'instance';
}

function escapeIn(name: string, quote: string): string {
  return JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll(quote, `\\${quote}`);
}

/** Answers `inspect_request` for the value that the cursor is on, or the function in whose call it stands. */
export async function inspectCode(
  { code, cursorPos, detailLevel }: InspectRequest,
  { evaluator }: CodeContext,
  signal: AbortSignal,
): Promise<InspectReply> {
  const offset = toUtf16Offset(code, cursorPos);
  const rest = /^[\p{ID_Continue}$]*/u.exec(code.slice(offset))?.[0] ?? '';
  const text = code.slice(0, offset + rest.length);
  const isOnName = /[\p{ID_Continue}$\]]$/u.test(text);
  const path = valuePath(isOnName ? text : text.replace(/\([^()]*$/, ''));
  const reply = path && (await evaluator.lookUp({ type: 'describe', path, detail: detailLevel === 1 }, signal));
  if (reply?.type !== 'description' || reply.text === null) return { found: false, data: {} };
  return { found: true, data: { 'text/plain': reply.text } };
}
