import { isCurveKernelError } from '../../errors.js';
import type { JsonObject } from '../../protocol/message.js';

/** An error as front ends show it. `traceback` is lines of text, with ANSI colours if wanted. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** The report of a thrown value for clients: our own errors with their hint, others as they are. */
export function reportError(error: unknown): ErrorReport {
  if (isCurveKernelError(error)) {
    const ename = error.code.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
    return report(ename, error.message, [`hint: ${error.hint}`]);
  }
  if (error instanceof Error) return report(error.name, error.message, ['hint: this is a fault in the kernel']);
  return report('Error', `the kernel's language threw ${typeof error}`, ['hint: this is a fault in the kernel']);
}

/** A report from its two sentences. */
export function report(ename: string, evalue: string, more: readonly string[] = []): ErrorReport {
  return { ename, evalue, traceback: [`${ename}: ${evalue}`, ...more] };
}

/** The content of an error reply. */
export function errorContent({ ename, evalue, traceback }: ErrorReport): JsonObject {
  return { status: 'error', ename, evalue, traceback };
}
