import { CurveKernelError } from '../../errors.js';
import { askControl } from '../client/ask-control.js';
import type { KernelRun } from './kernel-run.js';
import { settlesWithin } from '../../support/timers.js';

/** How a kernel is ended. */
export interface EndOptions {
  /** Kill it without asking. */
  readonly now: boolean;
  /** Tells the kernel that another one will take its place. */
  readonly restart: boolean;
  /** Milliseconds for each step before the next, harder one. */
  readonly patience: number;
}

/**
 * Ends a kernel: asks it (shutdown_request on control), then SIGTERM, then SIGKILL, for it and its children.
 *
 * @throws CurveKernelError `shutdown-failed` when even that leaves it running, as a process that waits for a dead disk does.
 */
export async function endRun(run: KernelRun, { now, restart, patience }: EndOptions): Promise<void> {
  const endedBy = (name: 'SIGTERM' | 'SIGKILL'): Promise<boolean> => {
    run.process.signal(name);
    return settlesWithin(run.exited, patience);
  };
  const politely = !now && ((await endsWhenAsked(run, restart, patience)) || (await endedBy('SIGTERM')));
  if (!politely && !(await endedBy('SIGKILL'))) {
    const pid = run.process.pid;
    throw new CurveKernelError('shutdown-failed', `Process ${pid} of the kernel does not end, even by SIGKILL.`, {
      hint: 'Look at its state with `ps`; it may be waiting for a disk or a network share.',
      data: { pid },
    });
  }
  await run.cleanUp();
}

async function endsWhenAsked(run: KernelRun, restart: boolean, patience: number): Promise<boolean> {
  // Whoever takes this kernel's place may listen at the same address: it must not be what was still being asked.
  const stop = new AbortController();
  // The reply does not matter, and neither does a kernel that cannot be asked: only its end counts.
  const options = { connection: run.connection, timeout: patience, signal: stop.signal };
  const asked = askControl(options, 'shutdown_request', { restart }).catch(() => undefined);
  const ended = await settlesWithin(run.exited, patience);
  stop.abort();
  await asked;
  return ended;
}
