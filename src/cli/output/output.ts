/**
 * How the command speaks. The rules, once:
 *
 * - Standard output carries what was asked for and nothing else, so that it can be piped; with `--json`, one JSON value.
 * - All else (progress, warnings, errors) goes to standard error, in lines that begin with the command's name.
 * - An error is one line of what happened, then one line of what to do about it. No stack, no secret.
 */
import { inspect } from 'node:util';
import { CurveKernelError } from '../../errors.js';

const NAME = 'jupyter-curve';

/** Prints a line of what was asked for. */
export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the one value of `--json`. */
export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2));
}

/** Says something on the way. */
export function printNote(text: string): void {
  process.stderr.write(`${NAME}: ${oneLine(text)}\n`);
}

/** Says what a person should know although the work goes on. */
export function printWarning(warning: { readonly message: string; readonly hint: string }): void {
  printNote(`warning: ${warning.message}`);
  printNote(`hint: ${warning.hint}`);
}

/** Says what went wrong and what to do about it. `JUPYTER_CURVE_DEBUG=1` adds the stack. */
export function printError(error: unknown): void {
  const { message, hint } = describeError(error);
  printNote(`error: ${message}`);
  printNote(`hint: ${hint}`);
  if (process.env['JUPYTER_CURVE_DEBUG'] === '1') process.stderr.write(`${inspect(error)}\n`);
}

/** An error as `--json` shows it. The code is one of docs/errors.md, or `unforeseen`. */
export function describeError(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof CurveKernelError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'unforeseen',
    message: error instanceof Error ? error.message : String(error),
    hint: 'this was not foreseen; please report it, with the output of the same command under JUPYTER_CURVE_DEBUG=1',
  };
}

/**
 * Keeps what libraries print off standard output, where it would spoil `--json`: warnings and errors go to standard
 * error, chatter nowhere unless `JUPYTER_CURVE_DEBUG=1`.
 */
export function silenceLibraries(): void {
  const stderr = new console.Console(process.stderr);
  const say = (...data: unknown[]): void => stderr.error(...data);
  const chat = process.env['JUPYTER_CURVE_DEBUG'] === '1' ? say : (): void => undefined;
  Object.assign(console, { warn: say, error: say, debug: chat, info: chat, log: chat, trace: chat, dir: chat });
}

/** Lets `jupyter-curve … | head` end without a complaint once the reader is gone. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
}

/** Lays rows out in columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(oneLine));
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  return cells
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n');
}

/** On one line, and without what a terminal would act upon: some of it comes from other people's clients. */
const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll(/\p{Cc}/gu, '�');
