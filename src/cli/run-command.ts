import { guardProcess } from '../keys/guard-process.js';
import { describeError, printJson, reportFailure, tolerateClosedPipes } from './output/output.js';

/** Runs any command but `kernel`, and reports its failure. */
export async function runCommand(args: readonly string[]): Promise<void> {
  guardProcess();
  tolerateClosedPipes();
  try {
    const { runProgram } = await import('./program.js');
    await runProgram(args);
  } catch (error) {
    // The flag is looked for by itself: arguments that cannot be parsed are a failure, too.
    if (args.includes('--json')) printJson({ status: 'error', error: describeError(error) });
    reportFailure(error);
  }
}
