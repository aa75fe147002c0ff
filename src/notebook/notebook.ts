/**
 * A notebook as a value: nbformat 4 with the file format's own names, with lines joined.
 *
 * @see {@link https://nbformat.readthedocs.io/en/latest/format_description.html | The notebook file format}
 */
import type { Json, JsonObject } from '../protocol/message.js';

/** The minor version that notebooks are written with, unless they have a later one. */
export const NOTEBOOK_MINOR = 5;

/** Key of invalid outputs or an invalid count of a code cell. They are written back unchanged unless the cell is executed. */
export const AS_READ = Symbol('as read');

/** A notebook. Unknown fields are kept. Numbers that JavaScript would change are `Number` objects: see `exact-number.ts`. */
export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: JsonObject;
  readonly cells: readonly Cell[];
}

/** One cell of a notebook. */
export type Cell = CodeCell | TextCell;

interface AnyCell {
  /** Unique in its notebook: 1–64 letters, digits, `-` and `_`. */
  readonly id: string;
  readonly metadata: JsonObject;
  readonly source: string;
  readonly [key: string]: unknown;
}

/** A cell that a kernel runs. */
export interface CodeCell extends AnyCell {
  readonly cell_type: 'code';
  readonly outputs: readonly Output[];
  /** The number in its prompt; null if it never ran. */
  readonly execution_count: number | null;
  /** Fields of the file that are not valid: `outputs` is then empty, `execution_count` null. */
  readonly [AS_READ]?: { readonly outputs?: unknown; readonly execution_count?: unknown } | undefined;
}

/** A cell that is only shown, or only kept. */
export interface TextCell extends AnyCell {
  readonly cell_type: 'markdown' | 'raw';
}

/** An output of a cell. */
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

/** Data by MIME type: text for all types but JSON ones, which hold any JSON value. */
export type MimeBundle = Readonly<Record<string, Json>>;

/** Text of standard output or standard error. */
export interface StreamOutput {
  readonly output_type: 'stream';
  readonly name: string;
  readonly text: string;
}

/** A display. */
export interface DisplayOutput {
  readonly output_type: 'display_data';
  readonly data: MimeBundle;
  readonly metadata: JsonObject;
}

/** The value of the cell. */
export interface ResultOutput extends Omit<DisplayOutput, 'output_type'> {
  readonly output_type: 'execute_result';
  readonly execution_count: number | null;
}

/** The error that the cell raised. */
export interface ErrorOutput {
  readonly output_type: 'error';
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** True if data of this MIME type is a JSON value; all other data is text. */
export function isJsonMime(mime: string): boolean {
  return mime === 'application/json' || (mime.startsWith('application/') && mime.endsWith('+json'));
}

/** The tags of a cell; none when there are none, or when they are malformed. */
export function cellTags(cell: Cell): readonly string[] {
  const tags = cell.metadata['tags'];
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}
