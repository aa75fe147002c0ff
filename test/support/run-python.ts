/** A Python program beside the tests: given JSON on standard input, answering in lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JupyterEnvironment } from './kernel/jupyter-environment.js';
import { pythonPath } from './python.js';
import { repository } from './repository.js';

export interface PythonProgram {
  nextLine(): Promise<string>;
  /** Says one more line. */
  say(line: string): void;
  /** Closes its input, and waits for its end. */
  end(): Promise<void>;
}

/** Starts `script`, of test/support/programs, with one line of JSON as its first input. */
export function runPython(script: string, environment: JupyterEnvironment, input: unknown): PythonProgram {
  const child = spawn(pythonPath(), [join(repository, 'test/support/programs', script)], {
    env: environment.env,
    cwd: environment.folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  child.stdin.on('error', () => undefined); // It has ended; nextLine says so.
  child.stdin.write(`${JSON.stringify(input)}\n`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async nextLine() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script} ended early`);
      return line.value;
    },
    say: (line) => void child.stdin.write(`${line}\n`),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}
