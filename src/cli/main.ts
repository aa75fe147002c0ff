#!/usr/bin/env node
/**
 * Entry of the command. `kernel` has a path of its own: front ends wait for a kernel to start, and its few options are parsed without the
 * libraries of the other commands.
 */
import { guardProcess } from '../keys/guard-process.js';
import { describeError, printJson, reportFailure, tolerateClosedPipes } from './output/output.js';

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
  // Not the parsed option: arguments that cannot be parsed are a failure, too.
  if (args.includes('--json')) printJson({ status: 'error', error: describeError(error) });
  reportFailure(error);
});
