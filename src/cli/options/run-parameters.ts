import { readFile } from 'node:fs/promises';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node, type Scalar } from 'yaml';
import { CurveKernelError } from '../../errors.js';
import { isJsonObject } from '../../notebook/check-shape.js';
import { exactNumber } from '../../notebook/exact-number.js';
import { parseJson } from '../../notebook/parse-json.js';
import type { Json, JsonObject } from '../../protocol/message.js';
import type { Values } from '../command.js';
import { usageError } from '../output/usage-error.js';

const repeated = <const Describe extends string>(alias: string, describe: Describe) =>
  ({ alias, type: 'string', array: true, nargs: 1, describe }) as const;

/** The options of `run` that set parameters. `bindParameterArgs` joins a name and its value. */
export const PARAMETER_OPTIONS = {
  param: repeated('p', 'Set a parameter: NAME VALUE; can be repeated'),
  'param-text': repeated('r', 'Set a parameter to a text, even if it looks like a number: NAME VALUE'),
  params: repeated('f', 'Set the parameters in this file (JSON or YAML)'),
} as const;

/** Reads all parameters: those of files, then of `--param`, then of `--param-text`; a later one of the same name replaces an earlier one. */
export async function readParameters(args: Values<typeof PARAMETER_OPTIONS>): Promise<JsonObject> {
  const files = await Promise.all((args.params ?? []).map(readParameterFile));
  const given = (args.param ?? []).map((pair): [string, Json] => {
    const [name, value] = parsePair(pair, '--param');
    return [name, readValue(name, value)];
  });
  const texts = (args['param-text'] ?? []).map((pair) => parsePair(pair, '--param-text'));
  return Object.fromEntries<Json>([...files.flatMap((file) => Object.entries(file)), ...given, ...texts]);
}

function parsePair(pair: string, option: string): [name: string, value: string] {
  try {
    const parsed: unknown = JSON.parse(pair);
    if (Array.isArray(parsed) && parsed.length === 2) return [String(parsed[0]), String(parsed[1])];
  } catch {
    // Not joined by bindParameterArgs: there was no value.
  }
  throw usageError(`${option} takes a name and a value, such as -p rows 5.`, 'run');
}

const WORDS = new Map<string, Json>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
]);

/** Reads a value as papermill does: a number, true, false or none if it looks like one, YAML if it begins a list or a mapping, else text. */
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
    throw usageError(`--param ${name}: the value ${error.message}; use -r if it is text.`, 'run');
  }
}

async function readParameterFile(file: string): Promise<JsonObject> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new CurveKernelError('notebook-unreadable', `The parameters file ${file} could not be read.`, {
      hint: 'Check the path of the file, and that it is UTF-8 text which you may read.',
      cause,
    });
  }
  const problem = (what: string): CurveKernelError =>
    new CurveKernelError('notebook-invalid', `The parameters file ${file} ${what}.`, {
      hint: 'Write names and values as JSON or YAML 1.2, such as "rows: 5".',
    });
  let value: Json;
  try {
    value = readYaml(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw problem(error.message);
  }
  if (value === null) return {}; // an empty file
  if (!isJsonObject(value)) throw problem('does not hold names with values');
  return value;
}

/** Reads JSON, else YAML 1.2. @throws SyntaxError whose message continues a sentence about the text. */
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
  // Not the parser's own message, which may quote a value.
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

/** Keeps the decimal point: Python distinguishes 1.0 from 1. */
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
