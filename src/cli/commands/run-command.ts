import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CurveKernelError, type ErrorCode } from '../../errors.js';
import { readNotebook } from '../../notebook/read-notebook.js';
import { writeNotebook } from '../../notebook/write-notebook.js';
import { defineCommand } from '../command.js';
import { RUN_OPTIONS } from '../options/run-options.js';
import { describeError, printJson, printNote, printResult, reportFailure, table } from '../output/output.js';
import { readParameters } from '../options/run-parameters.js';
import { runNotebook, type NotebookRun } from './run-notebook.js';
import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { showTraceback } from '../output/show-output.js';
import { onlyOneOf, usageError } from '../output/usage-error.js';

/** `run`: executes a notebook, on a new kernel that is ended afterwards in any case, or on a running one. */
export const command = defineCommand({
  ...RUN_OPTIONS,
  check: (values) => {
    onlyOneOf(values, 'run', ['existing', 'kernel']);
    onlyOneOf(values, 'run', ['output', 'inplace']);
    if (values['key-file'] !== undefined && values.existing === undefined)
      throw usageError('--key-file needs --existing.', 'run');
    if (values.timeout !== undefined && !(values.timeout > 0))
      throw usageError('The value of --timeout must be a number of seconds above 0.', 'run');
  },
  examples: [
    ['run tour.ipynb', 'print the outputs of the cells'],
    ['run report.ipynb -p rows 5 --params defaults.yaml --output may.ipynb', 'with parameters'],
    ['run tour.ipynb --output done.ipynb --transport-encryption required', 'fail if the kernel cannot encrypt'],
  ],
  run: async (args) => {
    const notebook = await readNotebook(args.notebook);
    const parameters = await readParameters(args);
    const target = args.inplace ? args.notebook : args.output;
    if (target !== undefined) await checkWritable(target);
    const showOutputs = !args.json && (args['show-outputs'] ?? target === undefined);
    const result = await runNotebook(notebook, parameters, args, showOutputs);
    if (target !== undefined) {
      await writeNotebook(target, result.executed.notebook);
      printNote(`wrote ${target}`);
    }
    if (args.json) printJson(describe(result, target));
    else if (args['show-security']) printResult(`\n${securityTable(result.security)}`);
    reportRunFailure(result, target);
  },
});

/**
 * Checks before the cells run, not after. A file is replaced by a new one, so its folder must be writable; a file that is read-only could be
 * replaced too, but was made so to prevent that.
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
    throw new CurveKernelError('notebook-unwritable', `The file ${target} could not be written.`, {
      hint: 'Name a file that you may write, or a new one in a folder that exists.',
      cause,
    });
  }
}

function reportRunFailure({ executed, outputsShown }: NotebookRun, target: string | undefined): void {
  const { failure, failedCell, notebook } = executed;
  if (failure === undefined) return;
  const cell = failedCell === undefined ? undefined : notebook.cells[failedCell];
  const outputs = cell?.cell_type === 'code' && !outputsShown ? cell.outputs : [];
  for (const output of outputs) if (output.output_type === 'error') showTraceback(output.traceback);
  reportFailure(withHint(failure, target));
}

/** The failure with a hint that names the options of this command. */
function withHint(failure: CurveKernelError, target: string | undefined): CurveKernelError {
  const hint = HINTS[failure.code]?.(target);
  if (hint === undefined) return failure;
  return new CurveKernelError(failure.code, failure.message, { hint, data: failure.data, cause: failure.cause });
}

const HINTS: Partial<Record<ErrorCode, (target: string | undefined) => string>> = {
  'cell-failed': () =>
    'Read the error above. Use --allow-errors to continue after cells that fail, or tag one cell raises-exception.',
  'cell-timeout': () => 'Give cells more time with --timeout, or make this one faster; it was interrupted.',
  interrupted: (target) =>
    target === undefined
      ? 'Run it again. To keep the outputs up to here, use --output or --inplace.'
      : `Run it again; the outputs up to here are in ${target}.`,
};

function describe({ executed, kernelName, seconds, security }: NotebookRun, target: string | undefined): object {
  const { failure, failedCell } = executed;
  return {
    status: failure === undefined ? 'ok' : 'error',
    ...(failure === undefined ? {} : { error: { ...describeError(withHint(failure, target)), cell: failedCell } }),
    kernel: kernelName,
    output: target ?? null,
    seconds,
    channels: security,
  };
}

/** A table of channels: endpoint, mechanism as the socket itself reports it, and fingerprint of the kernel's key. */
function securityTable(security: ChannelSecurity): string {
  const rows = Object.entries(security).map(([channel, { endpoint, mechanism, fingerprint }]) => [
    channel,
    endpoint,
    mechanism === 'curve' ? 'CURVE' : 'NULL (plain text)',
    fingerprint ?? '-',
  ]);
  return table([['CHANNEL', 'ENDPOINT', 'MECHANISM', 'KEY FINGERPRINT'], ...rows]);
}
