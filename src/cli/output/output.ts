/**
 * Output of the command:
 *
 * - Standard output holds the result and nothing else, so that it can be piped; with `--json`, one JSON value.
 * - Everything else (progress, warnings, errors) goes to standard error, in lines that begin with the command's name.
 * - An error is one line that says what happened, then one line that says what to do. No stack, no secret.
 */
import { inspect } from 'node:util';
import { CurveKernelError } from '../../errors.js';
import { exitStatus } from './exit-status.js';

const NAME = 'jupyter-curve';

/** Prints a line of the result. */
export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the one value of `--json`. */
export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2));
}

/** Prints a line about progress on standard error. */
export function printNote(text: string): void {
  process.stderr.write(`${NAME}: ${oneLine(text)}\n`);
}

/** Prints a warning: the work goes on. */
export function printWarning(warning: { readonly message: string; readonly hint: string }): void {
  printNote(`warning: ${warning.message}`);
  printNote(`hint: ${warning.hint}`);
}

/** Prints what went wrong and what to do about it. `JUPYTER_CURVE_DEBUG=1` adds the stack. */
export function printError(error: unknown): void {
  const { message, hint } = describeError(error);
  printNote(`error: ${message}`);
  printNote(`hint: ${hint}`);
  if (process.env['JUPYTER_CURVE_DEBUG'] === '1') process.stderr.write(`${inspect(error)}\n`);
}

/** Prints an error and sets the exit status that stands for it. */
export function reportFailure(error: unknown): void {
  printError(error);
  process.exitCode = exitStatus(error);
}

/** An error as `--json` shows it. The code is one of docs/errors.md, or `unforeseen`. */
export function describeError(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof CurveKernelError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'unforeseen',
    message: error instanceof Error ? error.message : String(error),
    hint: 'This is a mistake in jupyter-curve: please report it, with the output of the same command under JUPYTER_CURVE_DEBUG=1.',
  };
}

/**
 * Keeps output of libraries off standard output, where it would break `--json`: warnings and errors go to standard error, other messages
 * are dropped unless `JUPYTER_CURVE_DEBUG=1`.
 */
export function silenceLibraries(): void {
  const stderr = new console.Console(process.stderr);
  const print = (...data: unknown[]): void => stderr.error(...data);
  const debug = process.env['JUPYTER_CURVE_DEBUG'] === '1' ? print : (): void => undefined;
  Object.assign(console, { warn: print, error: print, debug, info: debug, log: debug, trace: debug, dir: debug });
}

/** Ends `jupyter-curve … | head` without an error once the reader has closed the pipe. */
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

/** Puts a text on one line, without control characters: some of it comes from other clients. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll(/\p{Cc}/gu, '�');

/** A number of things, such as `2 errors`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
