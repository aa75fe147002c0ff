import type { Json, JsonObject, Message } from '../../protocol/message.js';
import { copySourceText } from '../../protocol/source-text.js';
import { isObject } from '../../support/is-object.js';

/** Converts a value that a kernel sent, or left out, to the type that KernelConnection requires. */
type Field = (value: Json | undefined) => Json;

const text: Field = (value = '') => {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('');
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
};
const object: Field = (value) => (isObject(value) ? value : {});
const count: Field = (value) => (typeof value === 'number' ? value : 0);
const flag: Field = (value) => value === true || (typeof value === 'number' && value !== 0);
const lines: Field = (value) => {
  if (Array.isArray(value)) return value.map((line) => text(line));
  return value === undefined || value === null ? [] : [text(value)];
};

const DISPLAY = { data: object, metadata: object };

/** Fields that KernelConnection requires in iopub messages. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  stream: { name: (value) => text(value ?? 'stdout'), text },
  display_data: DISPLAY,
  update_display_data: DISPLAY,
  execute_input: { code: text, execution_count: count },
  execute_result: { execution_count: count, ...DISPLAY },
  error: { ename: text, evalue: text, traceback: lines },
  clear_output: { wait: flag },
  comm_open: { comm_id: text, target_name: text, data: object },
  comm_msg: { comm_id: text, data: object },
  comm_close: { comm_id: text },
  shutdown_reply: { restart: flag },
};

/**
 * Completes the content of an iopub message with every field that KernelConnection checks: some kernels leave out fields, or write a text as
 * a list of lines. Other fields, and messages of other types, are unchanged.
 */
export function completeContent({ header, content }: Message): JsonObject {
  if (!Object.hasOwn(FIELDS, header.msg_type)) return content;
  const fields = Object.entries(FIELDS[header.msg_type] ?? {});
  const complete = { ...content, ...Object.fromEntries(fields.map(([name, read]) => [name, read(content[name])])) };
  copySourceText(content, complete);
  return complete;
}
