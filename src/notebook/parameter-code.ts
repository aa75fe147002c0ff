import type { Json, JsonObject } from '../protocol/message.js';
import { isJsonObject } from './check-shape.js';
import { ExactNumber, toNumber } from './exact-number.js';

/** Syntax of values in a language. */
interface Syntax {
  /** Prefix of a comment line. */
  readonly comment: string;
  readonly name: RegExp;
  readonly reserved: ReadonlySet<string>;
  readonly assign: (name: string, value: string) => string;
  readonly none: string;
  readonly truth: readonly [yes: string, no: string];
  readonly text: (text: string) => string;
  /** `text` is a number of JSON, `NaN`, `Infinity` or `-Infinity`. */
  readonly number: (text: string) => string;
  readonly list: (items: readonly string[]) => string;
  readonly mapping: (members: readonly (readonly [name: string, value: string])[]) => string;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const python: Syntax = {
  comment: '#',
  name: /^[\p{L}_][\p{L}\p{N}_]*$/u,
  reserved:
    words(`False None True and as assert async await break class continue def del elif else except finally for from global if import in
    is lambda nonlocal not or pass raise return try while with yield`),
  assign: (name, value) => `${name} = ${value}`,
  none: 'None',
  truth: ['True', 'False'],
  text: quoteText,
  list: bracketed,
  number: (text) => ({ NaN: "float('nan')", Infinity: "float('inf')", '-Infinity': "float('-inf')" })[text] ?? text,
  mapping: (members) => `{${members.map(([name, value]) => `${quoteText(name)}: ${value}`).join(', ')}}`,
};

const typescript: Syntax = {
  comment: '//',
  name: /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u,
  reserved:
    words(`arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally
    for function if implements import in Infinity instanceof interface let NaN new null package private protected public return static super
    switch this throw true try typeof undefined var void while with yield`),
  // Whatever the cell tagged parameters declares it with, it can be declared anew, and assigned to.
  assign: (name, value) => `let ${name} = ${value};`,
  none: 'null',
  truth: ['true', 'false'],
  text: quoteText,
  list: bracketed,
  number: (text) => (isExactInJavaScript(text) ? text : `${text}n`),
  // Written plainly, that name would set the prototype.
  mapping: (members) =>
    `{${members.map(([name, value]) => `${name === '__proto__' ? '["__proto__"]' : quoteText(name)}: ${value}`).join(', ')}}`,
};

const r: Syntax = {
  comment: '#',
  name: /^(?:\p{L}|\.(?!\p{N}))[\p{L}\p{N}._]*$/u,
  reserved: words(
    `if else repeat while function for next break TRUE FALSE NULL Inf NaN NA NA_integer_ NA_real_ NA_character_ NA_complex_ in`,
  ),
  assign: (name, value) => `${name} = ${value}`,
  none: 'NULL',
  truth: ['TRUE', 'FALSE'],
  text: quoteTextOfR,
  number: (text) => {
    if (!isExactInJavaScript(text)) throw new TypeError('R has no whole numbers so large; give it as text');
    return text.replace('Infinity', 'Inf');
  },
  list: (items) => `list(${items.join(', ')})`,
  mapping: (members) => `list(${members.map(([name, value]) => `${nameOfR(name)} = ${value}`).join(', ')})`,
};

/** By `language_info.name`. */
const LANGUAGES: ReadonlyMap<string, Syntax> = new Map([
  ['python', python],
  ['r', r],
  ['typescript', typescript],
  ['javascript', typescript],
]);

/**
 * Writes the code that sets parameters: a comment, then one assignment each, as papermill does.
 *
 * @param language The kernel's `language_info.name`.
 * @throws TypeError for another language than Python, R, TypeScript and JavaScript, an invalid variable name, and a value that
 *   the language cannot express.
 */
export function parameterCode(parameters: JsonObject, language: string): string {
  const syntax = LANGUAGES.get(language.toLowerCase());
  if (syntax === undefined) {
    throw new TypeError(
      `parameters can be given to Python, R and TypeScript kernels; the language of this kernel is ${language}`,
    );
  }
  const lines = Object.entries(parameters).map(([name, value]) => {
    if (!syntax.name.test(name) || syntax.reserved.has(name)) {
      throw new TypeError(`${JSON.stringify(name)} cannot be the name of a variable in ${language}`);
    }
    try {
      return syntax.assign(name, write(value, syntax));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new TypeError(`${name}: ${error.message}`, { cause: error });
    }
  });
  return [`${syntax.comment} Parameters`, ...lines, ''].join('\n');
}

function write(value: Json, syntax: Syntax): string {
  const number = toNumber(value);
  if (number !== undefined) return syntax.number(value instanceof ExactNumber ? value.text : String(number));
  if (value === null) return syntax.none;
  if (typeof value === 'boolean') return syntax.truth[value ? 0 : 1];
  if (typeof value === 'string') return syntax.text(value);
  if (!isJsonObject(value)) return syntax.list(Object.values(value).map((item: Json) => write(item, syntax)));
  return syntax.mapping(Object.entries(value).map(([name, item]) => [name, write(item, syntax)]));
}

function bracketed(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** True unless it is a whole number that a 64-bit float cannot hold. */
function isExactInJavaScript(text: string): boolean {
  return !/^-?\d+$/.test(text) || BigInt(text) === BigInt(Number(text));
}

const ODD = /[\u007f-\u009f\u2028\u2029\ufeff]/g; // oxlint-disable-line no-control-regex -- these are what is looked for

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text in double quotes with the escapes of JSON, which mean the same in Python, JavaScript and, but for two, in R. */
function quoteText(text: string): string {
  return JSON.stringify(text).replaceAll(ODD, escape);
}

function quoteTextOfR(text: string): string {
  if (text.includes('\0')) throw new TypeError('R has no text with a null character');
  if (Buffer.from(text).toString() !== text) throw new TypeError('R has no text with half a surrogate pair');
  return quoteText(text);
}

function nameOfR(name: string): string {
  if (name === '') throw new TypeError('R has no members without a name');
  return quoteTextOfR(name);
}
