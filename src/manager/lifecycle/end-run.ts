import { CurveKernelError } from '../../errors.js';
import { askControl } from '../client/control-client.js';
import type { KernelRun } from './kernel-run.js';
import { settlesWithin } from '../../support/timers.js';

/** Options of {@link endRun}. */
export interface EndOptions {
  /** Kills it without a shutdown_request. */
  readonly now: boolean;
  /** The `restart` of shutdown_request: a new process will take its place. */
  readonly restart: boolean;
  /** Milliseconds for each step: shutdown_request, SIGTERM, SIGKILL. */
  readonly stepTimeout: number;
}

/**
 * Ends a kernel: shutdown_request on control, then SIGTERM, then SIGKILL, for it and its children.
 *
 * @throws CurveKernelError `shutdown-failed` when it still runs, as a process that waits for a broken disk does.
 */
export async function endRun(run: KernelRun, { now, restart, stepTimeout }: EndOptions): Promise<void> {
  const endedBy = (name: 'SIGTERM' | 'SIGKILL'): Promise<boolean> => {
    run.process.signal(name);
    return settlesWithin(run.process.exited, stepTimeout);
  };
  const endedItself = !now && ((await endsWhenAsked(run, restart, stepTimeout)) || (await endedBy('SIGTERM')));
  if (!endedItself && !(await endedBy('SIGKILL'))) {
    const pid = run.process.pid;
    throw new CurveKernelError('shutdown-failed', `Process ${pid} of the kernel does not end, even on SIGKILL.`, {
      hint: 'Look at its state with `ps`: it may be waiting for a disk or a network share.',
      data: { pid },
    });
  }
  await run.process.cleanUp();
}

async function endsWhenAsked(run: KernelRun, restart: boolean, stepTimeout: number): Promise<boolean> {
  // The next process may listen on the same address: the request must not reach it.
  const stop = new AbortController();
  // Neither the reply nor a failed request matters: only the end of the process does.
  const options = { connection: run.connection, timeout: stepTimeout, signal: stop.signal };
  const asked = askControl(options, 'shutdown_request', { restart }).catch(() => undefined);
  const ended = await settlesWithin(run.process.exited, stepTimeout);
  stop.abort();
  await asked;
  return ended;
}
