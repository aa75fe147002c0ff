import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { CurveKernelError } from '../errors.js';
import { readNotebook } from '../notebook/read-notebook.js';
import { writeNotebook } from '../notebook/write-notebook.js';
import { keyFileOption } from './existing-kernel.js';
import { kernelOption, policyOption, type KernelArguments } from './kernel-options.js';
import { describeError, printJson, printNote, printResult } from './output.js';
import { reportFailure } from './report-failure.js';
import { runNotebook, type NotebookRun } from './run-notebook.js';
import { securityTable } from './security-table.js';
import { showTraceback } from './show-output.js';
import { usageError } from './usage-error.js';

interface RunArguments extends KernelArguments {
  readonly notebook: string;
  readonly existing: string | undefined;
  readonly 'key-file': string | undefined;
  readonly kernel: string | undefined;
  readonly output: string | undefined;
  readonly inplace: boolean;
  readonly timeout: number | undefined;
  readonly 'allow-errors': boolean;
  readonly 'show-outputs': boolean | undefined;
  readonly 'show-security': boolean;
  readonly json: boolean;
}

/** `run`: executes a notebook, on a kernel of its own that ends whatever happens, or on one that runs already and goes on. */
export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run <notebook>',
  describe: 'Execute a notebook',
  builder: (yargs) =>
    keyFileOption(policyOption(kernelOption(yargs)))
      .option('existing', {
        type: 'string',
        requiresArg: true,
        describe: 'Use the running kernel of this connection file',
      })
      .positional('notebook', { type: 'string', demandOption: true, describe: 'The notebook (.ipynb)' })
      .option('output', { type: 'string', requiresArg: true, describe: 'Write the executed notebook to this file' })
      .option('inplace', { type: 'boolean', default: false, describe: 'Write it over the notebook' })
      .option('timeout', { type: 'number', requiresArg: true, describe: 'Seconds that a cell may take [default: any]' })
      .option('allow-errors', { type: 'boolean', default: false, describe: 'Go on after a cell that fails' })
      .option('show-outputs', {
        type: 'boolean',
        describe: 'Print what cells put out [default: if nothing is written]',
      })
      .option('show-security', { type: 'boolean', default: false, describe: 'End with how each channel was protected' })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'Print one JSON value about the run, and no outputs',
      })
      .check(({ output, inplace, timeout, existing, kernel, keyFile }) => {
        if (existing !== undefined && kernel !== undefined) {
          throw usageError('only one of --existing and --kernel can be given', 'run');
        }
        if (existing === undefined && keyFile !== undefined) throw usageError('--key-file needs --existing', 'run');
        if (inplace && output !== undefined) throw usageError('only one of --output and --inplace can be given', 'run');
        if (timeout !== undefined && !(timeout > 0))
          throw usageError('--timeout must be a number of seconds above 0', 'run');
        return true;
      })
      .example('$0 run tour.ipynb', 'print what the cells print')
      .example('$0 run tour.ipynb --output done.ipynb --transport-encryption required', 'encrypted, or not at all'),
  handler: run,
};

async function run(args: RunArguments): Promise<void> {
  const notebook = await readNotebook(args.notebook);
  const target = args.inplace ? args.notebook : args.output;
  if (target !== undefined) await checkWritable(target);
  const { existing, 'key-file': keyFile } = args;
  const result = await runNotebook(notebook, {
    existing: existing === undefined ? undefined : { existing, 'key-file': keyFile },
    kernelName: args.kernel,
    policy: args['transport-encryption'],
    folder: dirname(resolve(args.notebook)),
    timeout: args.timeout === undefined ? undefined : args.timeout * 1000,
    allowErrors: args['allow-errors'],
    showOutputs: !args.json && (args['show-outputs'] ?? target === undefined),
  });
  if (target !== undefined) {
    await writeNotebook(target, result.executed.notebook);
    printNote(`wrote ${target}`);
  }
  if (args.json) printJson(describe(result, target));
  else if (args['show-security']) printResult(`\n${securityTable(result.security)}`);
  tellFailure(result);
}

/**
 * Finds out before the cells have run, not after. A file is replaced by a new one, so its folder has to be writable; one that is
 * read-only could be replaced all the same, and whoever made it so does not want that.
 */
async function checkWritable(target: string): Promise<void> {
  try {
    const file = await realpath(target).catch(() => resolve(target));
    await access(dirname(file), constants.W_OK);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) return;
    if (!found.isFile()) throw new TypeError(`${target} is not a regular file.`);
    if ((found.mode & 0o222) === 0) throw new TypeError(`${target} is read-only.`);
    await access(file, constants.W_OK);
  } catch (cause) {
    throw new CurveKernelError('notebook-unwritable', `${target} could not be written`, {
      hint: 'name a file that you may write, or a new one in a folder that exists',
      cause,
    });
  }
}

function tellFailure({ executed: { failure, failedCell, notebook }, outputsShown }: NotebookRun): void {
  if (failure === undefined) return;
  const cell = failedCell === undefined ? undefined : notebook.cells[failedCell];
  const outputs = cell?.cell_type === 'code' && !outputsShown ? cell.outputs : [];
  for (const output of outputs) if (output.output_type === 'error') showTraceback(output.traceback);
  reportFailure(failure);
}

function describe({ executed, kernelName, seconds, security }: NotebookRun, target: string | undefined): object {
  const { failure, failedCell } = executed;
  return {
    status: failure === undefined ? 'ok' : 'error',
    ...(failure === undefined ? {} : { error: { ...describeError(failure), cell: failedCell } }),
    kernel: kernelName,
    output: target ?? null,
    seconds,
    channels: security,
  };
}
