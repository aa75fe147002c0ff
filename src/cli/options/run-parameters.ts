import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node, type Scalar } from 'yaml';
import { CurveKernelError } from '../../errors.js';
import { isJsonObject } from '../../notebook/check-shape.js';
import { exactNumber } from '../../notebook/exact-number.js';
import { parseJson } from '../../notebook/parse-json.js';
import type { Json, JsonObject } from '../../protocol/message.js';
import { usageError } from '../output/usage-error.js';

/** The options of `run` that give parameters, each as often as it was given. */
export interface ParameterArguments {
  /** Pairs of name and value, as {@link bindParameterArgs} ties them. */
  readonly param: readonly string[] | undefined;
  /** The same, with values that are text whatever they look like. */
  readonly 'param-text': readonly string[] | undefined;
  /** Files. */
  readonly params: readonly string[] | undefined;
}

const PAIRS = new Map([
  ['-p', '--param'],
  ['--param', '--param'],
  ['-r', '--param-text'],
  ['--param-text', '--param-text'],
]);

/** Ties `-p NAME VALUE` of `run` into one argument, so that a value may be empty, or begin with `-`. */
export function bindParameterArgs(args: readonly string[]): string[] {
  if (args[0] !== 'run') return [...args];
  const tied: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [argument = '', name, value] = args.slice(at, at + 3);
    const option = PAIRS.get(argument);
    if (option === undefined || name === undefined || value === undefined) tied.push(argument);
    else {
      tied.push(`${option}=${JSON.stringify([name, value])}`);
      at += 2;
    }
  }
  return tied;
}

/** All parameters that were given: those of files first, then those of `--param`, then those of `--param-text`; of one name the last counts. */
export async function readParameters(args: ParameterArguments): Promise<JsonObject> {
  const files = await Promise.all((args.params ?? []).map(readParameterFile));
  const given = (args.param ?? []).map((pair): [string, Json] => {
    const [name, value] = untie(pair, '--param');
    return [name, readValue(name, value)];
  });
  const texts = (args['param-text'] ?? []).map((pair) => untie(pair, '--param-text'));
  return Object.fromEntries<Json>([...files.flatMap((file) => Object.entries(file)), ...given, ...texts]);
}

function untie(pair: string, option: string): [name: string, value: string] {
  try {
    const tied: unknown = JSON.parse(pair);
    if (Array.isArray(tied) && tied.length === 2) return [String(tied[0]), String(tied[1])];
  } catch {
    // Not tied: there was no value.
  }
  throw usageError(`${option} takes a name and a value: -p rows 5`, 'run');
}

const WORDS = new Map<string, Json>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
]);

/** As papermill reads it: a number, true, false or none where it looks like one; a list or a mapping is YAML; all else is text. */
function readValue(name: string, text: string): Json {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (/^[-+]?\d+$/.test(text)) return wholeNumber(BigInt(text));
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) return floatNumber(text);
  if (/^[-+]?(?:nan|inf|infinity)$/i.test(text)) return specialNumber(text);
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError(`--param ${name}: ${error.message}; give it by -r if it is text`, 'run');
  }
}

async function readParameterFile(file: string): Promise<JsonObject> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new CurveKernelError('notebook-unreadable', `the parameters ${file} could not be read`, {
      hint: 'check the path of the file, and that it is UTF-8 text which you may read',
      cause,
    });
  }
  const problem = (what: string): CurveKernelError =>
    new CurveKernelError('notebook-invalid', `the parameters ${file} ${what}`, {
      hint: 'write names and values as JSON or YAML 1.2: "rows: 5"',
    });
  let value: Json;
  try {
    value = readYaml(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw problem(error.message);
  }
  if (value === null) return {}; // an empty file
  if (!isJsonObject(value)) throw problem('are not names with values');
  return value;
}

/** JSON, else YAML 1.2. Throws SyntaxError that ends a sentence about the text. */
function readYaml(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    intAsBigInt: true,
    prettyErrors: false,
  });
  const [mistake] = [...document.errors, ...document.warnings];
  // Without the parser's words, which may quote a value.
  if (mistake !== undefined)
    throw new SyntaxError(`is neither JSON nor YAML 1.2 (${mistake.code}, character ${mistake.pos[0] + 1})`);
  return fromNode(document.contents);
}

function fromNode(node: Node | null): Json {
  if (isSeq<Node>(node)) return node.items.map(fromNode);
  if (isMap<Node, Node | null>(node)) {
    return Object.fromEntries(node.items.map(({ key, value }) => [nameOf(key), fromNode(value)]));
  }
  if (isAlias(node)) throw new SyntaxError('refers to another value, which parameters cannot do');
  return isScalar(node) ? fromScalar(node) : null;
}

function nameOf(key: Node): string {
  if (!isScalar(key)) throw new SyntaxError('has a list or a mapping as a name');
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function fromScalar({ value, source }: Scalar): Json {
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? floatNumber(source ?? String(value)) : specialNumber(String(value));
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  return null;
}

const wholeNumber = (value: bigint): number => inPlaceOfNumber(value.toString());

/** Keeps it a number with a point, which Python tells from one without. */
function floatNumber(source: string): number {
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)$/i.test(source)) return inPlaceOfNumber(source);
  const text = String(Number(source));
  return inPlaceOfNumber(/^-?\d+$/.test(text) ? `${text}.0` : text);
}

function specialNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a number object, in the place of a number
const inPlaceOfNumber = (text: string): number => exactNumber(text) as number;
