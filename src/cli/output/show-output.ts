import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../../notebook/notebook.js';

/** Prints an output of a cell as far as a terminal can show it; streams go to standard output or standard error. */
export function showOutput(output: Output): void {
  switch (output.output_type) {
    case 'stream':
      (output.name === 'stderr' ? process.stderr : process.stdout).write(output.text);
      break;
    case 'error':
      showTraceback(output.traceback);
      break;
    case 'display_data':
    case 'execute_result':
      process.stdout.write(`${describe(output.data)}\n`);
      break;
  }
}

/** Prints a traceback on standard error, with colour only on a terminal without NO_COLOR. */
export function showTraceback(traceback: readonly string[]): void {
  const text = traceback.join('\n');
  const colour = process.stderr.isTTY && !process.env['NO_COLOR'];
  process.stderr.write(`${colour ? text : stripVTControlCharacters(text)}\n`);
}

/** The plain text of a display, else its types: `<image/svg+xml, 812 characters>`. */
function describe(data: Readonly<Record<string, unknown>>): string {
  const text = data['text/plain'];
  const rich = Object.entries(data).filter(([mime]) => mime !== 'text/plain');
  if (typeof text === 'string' && !/^<.*>$|^$/s.test(text.trim())) return text;
  const [mime, content] = rich[0] ?? ['text/plain', text ?? ''];
  const length = (typeof content === 'string' ? content : JSON.stringify(content)).length;
  return `<${mime}, ${length} characters>`;
}
