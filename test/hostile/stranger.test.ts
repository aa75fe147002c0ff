/** Knowing a kernel's public key and ports gives nothing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createJupyterEnvironment,
  waitForNothingLeft,
  type JupyterEnvironment,
} from '../support/kernel/jupyter-environment.js';
import { pythonPath } from '../support/python.js';
import { repository } from '../support/repository.js';

let environment: JupyterEnvironment;
beforeEach(async () => {
  environment = await createJupyterEnvironment();
});
afterEach(() => environment.dispose());

interface Program {
  readonly process: ChildProcess;
  nextLine(): Promise<string>;
}

/** Frames, by socket. */
type Heard = Readonly<Record<'shell' | 'control' | 'stdin' | 'iopub' | 'hb', number>>;

function start(command: string, script: string): Program {
  const child = spawn(command, [join(repository, 'test/support/programs', script)], {
    env: environment.env,
    cwd: environment.folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    nextLine: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended early`);
      return line.value;
    },
  };
}

test.each([
  ['Node', process.execPath, 'stranger.mjs'],
  ['pyzmq', pythonPath(), 'stranger.py'],
])('a stranger in %s who knows only the public key gets nothing on any channel', async (_, command, script) => {
  const session = start(pythonPath(), 'watched_session.py');
  const known = await session.nextLine();
  expect(known).not.toContain('curve_secretkey');
  const owner = await session.nextLine();
  const attempt = async (fields: string): Promise<Heard> => {
    const stranger = start(command, script);
    stranger.process.stdin?.end(fields);
    expect(await stranger.nextLine()).toBe('ready');
    const heard: Heard = JSON.parse(await stranger.nextLine());
    return heard;
  };

  // Heartbeat returns to everybody what it is sent.
  const echo: unknown = expect.any(Number);
  expect(await attempt(known)).toEqual({ shell: 0, control: 0, stdin: 0, iopub: 0, hb: echo });
  // The same program with the keys hears what there is to hear.
  const heard = await attempt(owner);
  expect(heard.shell).toBeGreaterThan(0);
  expect(heard.control).toBeGreaterThan(0);
  expect(heard.iopub).toBeGreaterThan(0);
  expect(heard.hb).toBeGreaterThan(0);

  session.process.stdin?.end();
  const { invited }: { invited: number } = JSON.parse(await session.nextLine());
  expect(invited).toBeGreaterThan(100);
  await once(session.process, 'exit');
  expect(await waitForNothingLeft(environment)).toEqual([]);
});
