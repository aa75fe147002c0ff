import type { Json, JsonObject } from '../protocol/message.js';
import { mapValues } from '../support/map-values.js';
import { isLines, toObject } from './check-shape.js';
import { ExactNumber, toNumber } from './exact-number.js';
import { isJsonMime, type MimeBundle, type Output } from './notebook.js';
import { writeJson } from './write-json.js';

/**
 * Converts the content of an iopub message of this type to an output; undefined for messages that carry none. A value of another type where nbformat requires text is
 * converted to text: kernels send such values, and a notebook with them does not open.
 */
export function toOutput(type: string, content: JsonObject): Output | undefined {
  switch (type) {
    case 'stream':
      return { output_type: 'stream', name: toText(content['name'] ?? 'stdout'), text: toText(content['text'] ?? '') };
    case 'display_data':
    case 'update_display_data':
      return { output_type: 'display_data', ...dataOf(content) };
    case 'execute_result':
      return {
        output_type: 'execute_result',
        execution_count: toCount(content['execution_count']),
        ...dataOf(content),
      };
    case 'error':
      return {
        output_type: 'error',
        ename: toText(content['ename'] ?? ''),
        evalue: toText(content['evalue'] ?? ''),
        traceback: toArray(content['traceback']).map(toText),
      };
    default:
      return undefined;
  }
}

/** Returns an execution count, or null for a value that nbformat does not accept, such as `1e+300`. */
export function toCount(value: Json | undefined): number | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- in the place of a number: it is one, as an object
  if (value instanceof ExactNumber && /^\d+$/.test(value.text)) return value as unknown as number;
  const count = toNumber(value);
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

function dataOf(content: JsonObject): { data: MimeBundle; metadata: JsonObject } {
  const data = mapValues(toObject(content['data']), (value, mime) => (isJsonMime(mime) ? value : toText(value)));
  return { data, metadata: toObject(content['metadata']) };
}

function toText(value: Json): string {
  if (typeof value === 'string') return value;
  if (isLines(value)) return value.join('');
  return writeJson(value);
}

/** Returns a list; any other value, such as one text for a whole traceback, becomes the only item. */
function toArray(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}
