import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CurveKernelError } from '../errors.js';
import { errorCode } from '../support/system-error.js';
import { settlesWithin } from '../support/timers.js';
import { startWatchdogProcess } from '../support/watchdog-process.js';

/** End of a process. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last 8 KiB or so that the process wrote to standard error. */
  readonly stderrTail: string;
}

/** A command in its final form: nothing in it is looked up or expanded any more. */
export interface LaunchCommand {
  readonly argv: readonly string[];
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Files and folders to remove if the launching process dies before this one. */
  readonly leftovers: readonly string[];
  /** Called with output of the process itself; output of cells goes through iopub instead. */
  readonly onOutput?: (name: 'stdout' | 'stderr', text: string) => void;
}

/** A running process, on this machine or elsewhere. */
export interface LaunchedProcess {
  /** Undefined if the process does not run on this machine. */
  readonly pid: number | undefined;
  /** Resolves, never rejects, once the process has ended and the rest of its session was killed. */
  readonly exited: Promise<ProcessEnd>;
  /** Signals the process and its children. Nothing happens once it has ended. */
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts kernels: on this machine by {@link processLauncher}, elsewhere by other implementations. */
export interface Launcher {
  /** Resolves when the process runs. @throws CurveKernelError `kernel-start-failed` when it cannot be started. */
  launch(command: LaunchCommand): Promise<LaunchedProcess>;
}

/**
 * Reads a word when the child has ended, and the end of the file when the process that held the pipe is dead, even by SIGKILL. Then it ends
 * the session `$1` and removes the files in the remaining arguments. A POSIX shell takes a megabyte and starts fast.
 */
const WATCHDOG = `
group=$1; shift
read -r word && exit 0
kill -s TERM -- "-$group"
for second in 1 2; do kill -s 0 -- "-$group" || break; sleep 1; done
kill -s KILL -- "-$group"
for file; do rm -f -- "$file" || rmdir -- "$file"; done
`;

const MAX_TAIL_LENGTH = 8192;
/** Milliseconds to read the output that is still in the pipe; a daemon that left the session may hold the other end for ever. */
const DRAIN_TIMEOUT = 250;

/**
 * Starts processes on this machine, each the leader of a session of its own, so that signals reach the children it starts too
 * and a Ctrl-C in the terminal does not. The rest of that session is killed when the leader ends, and all of it when this process ends in any
 * way, by a watchdog process.
 */
export const processLauncher: Launcher = {
  launch: async (command) => {
    const child = await start(command);
    // Also for kernels that do not watch their parent (`JPY_PARENT_PID`). Where it cannot start, that and sweepOrphans at the next start remain.
    const watchdogArgs = [String(child.pid), ...command.leftovers];
    const { release } = startWatchdogProcess('jupyter-curve-watchdog', WATCHDOG, watchdogArgs);
    let stderrTail = '';
    const drained = (['stdout', 'stderr'] as const).map((name) =>
      read(child[name], (text) => {
        if (name === 'stderr') stderrTail = (stderrTail + text).slice(-MAX_TAIL_LENGTH);
        command.onOutput?.(name, text);
      }),
    );
    const finish = async (code: number | null, signal: string | null): Promise<ProcessEnd> => {
      signalGroup(child, 'SIGKILL');
      release();
      await settlesWithin(Promise.all(drained), DRAIN_TIMEOUT);
      child.stdout?.destroy();
      child.stderr?.destroy();
      return { code, signal, stderrTail };
    };
    return {
      pid: child.pid,
      exited: new Promise((resolve) => {
        child.once('exit', (code, signal) => resolve(finish(code, signal)));
      }),
      signal: (name) => {
        if (child.exitCode === null && child.signalCode === null) signalGroup(child, name);
      },
    };
  },
};

async function start({ argv, env, cwd }: LaunchCommand): Promise<ChildProcess> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    cwd,
    // The variable in which jupyter_client tells kernels the process to watch.
    env: { ...env, JPY_PARENT_PID: String(process.pid) },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    await once(child, 'spawn');
    return child;
  } catch (cause) {
    const code = errorCode(cause);
    const problem = code === 'ENOENT' ? 'does not exist, or its folder does not' : `cannot be started (${code})`;
    throw new CurveKernelError('kernel-start-failed', `The kernel's program ${program} ${problem}.`, {
      hint: 'Install the program, correct argv in kernel.json, or check the working folder.',
      cause,
      data: { program, cwd },
    });
  }
}

function read(stream: Readable | null, onText: (text: string) => void): Promise<unknown> {
  if (stream === null) return Promise.resolve();
  stream.setEncoding('utf8').on('data', onText);
  return finished(stream).catch(() => undefined); // destroyed: its output is not needed any more
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // ESRCH: nothing is left to signal. EPERM: only what another user owns, or, on macOS, what has ended.
  }
}
