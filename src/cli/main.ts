#!/usr/bin/env node
/**
 * The command's entry. `kernel` is on a path of its own: front ends wait for a kernel to start, and parsing two options
 * does not need the libraries that the other commands load.
 */
import { exitStatus } from './exit-status.js';
import { printError, tolerateClosedPipes } from './output.js';

const args = process.argv.slice(2);
tolerateClosedPipes();

async function main(): Promise<void> {
  if (args[0] === 'kernel' && !args.includes('--help')) {
    const { runKernel } = await import('./kernel.js');
    await runKernel(args.slice(1));
  } else {
    const { runProgram } = await import('./program.js');
    await runProgram(args);
  }
}

main().catch((error: unknown) => {
  printError(error);
  process.exitCode = exitStatus(error);
});
