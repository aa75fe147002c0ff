#!/usr/bin/env node
/**
 * The command's entry. `kernel` is on a path of its own: front ends wait for a kernel to start, and parsing two options
 * does not need the libraries that the other commands load.
 */
import { guardProcess } from '../keys/guard-process.js';
import { describeError, printJson, tolerateClosedPipes } from './output/output.js';
import { reportFailure } from './output/report-failure.js';

guardProcess();
const args = process.argv.slice(2);
tolerateClosedPipes();

async function main(): Promise<void> {
  if (args[0] === 'kernel' && !args.includes('--help')) {
    const { runKernel } = await import('./commands/kernel-command.js');
    await runKernel(args.slice(1));
  } else {
    const { runProgram } = await import('./program.js');
    await runProgram(args);
  }
}

main().catch((error: unknown) => {
  // Looked for by itself: arguments that cannot be parsed are a failure, too.
  if (args.includes('--json')) printJson({ status: 'error', error: describeError(error) });
  reportFailure(error);
});
