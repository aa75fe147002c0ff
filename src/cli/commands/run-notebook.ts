import type { ManagerWarning } from '../../launch/encryption-policy.js';
import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { executeNotebook, type ExecutedNotebook, type NotebookProgress } from '../../notebook/execute-notebook.js';
import { injectParameters } from '../../notebook/inject-parameters.js';
import type { Notebook } from '../../notebook/notebook.js';
import type { JsonObject } from '../../protocol/message.js';
import { definedOnly } from '../../support/defined-only.js';
import { createDroppedMessages, type DroppedMessages } from '../output/dropped-messages.js';
import type { RunArguments } from '../options/run-options.js';
import { isObject } from '../../support/is-object.js';
import { listenForInterruption, type Interruption } from '../interruption.js';
import { printNote, printWarning } from '../output/output.js';
import { createProgress, type Progress } from '../output/progress.js';
import { joinKernel, startOwnKernel, type RunKernel } from './run-kernel.js';
import { showOutput } from '../output/show-output.js';
import { parseOption } from '../output/usage-error.js';

/** Result of {@link runNotebook}. */
export interface NotebookRun {
  readonly executed: ExecutedNotebook;
  readonly kernelName: string;
  readonly seconds: number;
  readonly security: ChannelSecurity;
  readonly outputsShown: boolean;
}

/**
 * Runs the cells of a notebook and shows the progress, on a new kernel that is ended afterwards or on a running one. Ctrl-C stops the cell. Without
 * `parameters` no cell is injected.
 */
export async function runNotebook(
  notebook: Notebook,
  parameters: JsonObject,
  args: RunArguments,
  showOutputs: boolean,
): Promise<NotebookRun> {
  const progress = createProgress();
  using interruption = listenForInterruption();
  using dropped = createDroppedMessages(() => progress.hide());
  try {
    let cells = 0;
    const started = performance.now();
    await using kernel = await openKernel(notebook, args, { interruption, progress, dropped });
    const parameterized = await withParameters(notebook, parameters, kernel, progress);
    const executed = await executeNotebook(parameterized, kernel.connection, {
      ...definedOnly({ timeout: args.timeout === undefined ? undefined : args.timeout * 1000 }),
      allowErrors: args['allow-errors'],
      signal: interruption.softAbort,
      onProgress: (step) => {
        if (step.type === 'cell-ended') cells = step.of;
        report(step, progress, showOutputs);
      },
    });
    if (cells > 0 && executed.failure === undefined) progress.show(cells, cells, 'done');
    const seconds = (performance.now() - started) / 1000;
    const { security, name } = kernel;
    return { executed, security, seconds, kernelName: name, outputsShown: showOutputs };
  } finally {
    progress.hide();
  }
}

/** The parts of a run that the terminal is concerned with. */
interface RunParts {
  readonly interruption: Interruption;
  readonly progress: Progress;
  readonly dropped: DroppedMessages;
}

/** Only a running kernel tells its language for sure. */
async function withParameters(
  notebook: Notebook,
  parameters: JsonObject,
  { connection }: RunKernel,
  progress: Progress,
): Promise<Notebook> {
  if (Object.keys(parameters).length === 0) return notebook;
  const { name } = (await connection.info).language_info;
  const injected = parseOption('parameters', 'run', () => injectParameters(notebook, parameters, name));
  if (injected.place === 'top') {
    progress.hide();
    printNote(
      'no cell is tagged "parameters": they are set before the first cell, and a later cell that sets them overrides them',
    );
  }
  return injected.notebook;
}

function openKernel(
  notebook: Notebook,
  args: RunArguments,
  { interruption, progress, dropped }: RunParts,
): Promise<RunKernel> {
  const onError = (error: unknown): void => dropped.note(error);
  if (args.existing !== undefined) return joinKernel(args.existing, args, interruption, onError);
  const name = args.kernel ?? kernelOf(notebook);
  progress.show(0, 0, `starting ${name ?? 'a kernel'}`);
  const onWarning = (warning: ManagerWarning): void => {
    progress.hide();
    printWarning(warning);
  };
  return startOwnKernel(name, args, interruption, { onWarning, onError });
}

function report(step: NotebookProgress, progress: Progress, showOutputs: boolean): void {
  if (step.type === 'cell-started') progress.show(step.position - 1, step.of, `running code cell ${step.position}`);
  else if (step.type === 'output' && showOutputs) {
    progress.hide();
    showOutput(step.output);
  }
}

function kernelOf({ metadata: { kernelspec } }: Notebook): string | undefined {
  return isObject(kernelspec) && typeof kernelspec['name'] === 'string' ? kernelspec['name'] : undefined;
}
