import { guardProcess } from '../keys/guard-process.js';
import { runKernel } from './commands/run-kernel-command.js';
import { reportFailure, tolerateClosedPipes } from './output/output.js';

/**
 * Runs the process that a kernelspec starts, with the arguments of `jupyter-curve kernel`. The bundle of the kernel begins here:
 * a front end waits for it to start.
 */
export async function runKernelProcess(args: readonly string[]): Promise<void> {
  guardProcess();
  tolerateClosedPipes();
  try {
    await runKernel(args);
  } catch (error) {
    reportFailure(error);
  }
}
