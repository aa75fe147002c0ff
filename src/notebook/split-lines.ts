/** A line of Python's `str.splitlines`, which ends lines at more characters than most languages. */
// oxlint-disable-next-line no-control-regex -- Python's are among them
const LINE = /[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]*(?:\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029])|.+$/gsu;

/** Splits a text into lines with their ends, exactly as Python's `text.splitlines(True)`. */
export function splitLines(text: string): readonly string[] {
  return text.match(LINE) ?? [];
}
