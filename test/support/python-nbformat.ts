/** What Python's nbformat makes of notebooks. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pythonPath } from './python.js';
import { repository } from './repository.js';

export interface PythonResult {
  /** As nbformat writes it. */
  readonly text: string;
  /** What its validation says, or `no JSON`; null when all is well. */
  readonly problem: string | null;
}

export async function pythonNbformat(texts: readonly string[]): Promise<readonly PythonResult[]> {
  const results: readonly PythonResult[] = JSON.parse(await runPython('format_notebooks.py', JSON.stringify(texts)));
  return results;
}

/** Runs a script of test/support/programs with text on its standard input; resolves with its standard output. */
export function runPython(
  script: string,
  input: string,
  env: NodeJS.ProcessEnv = process.env,
  ...args: string[]
): Promise<string> {
  const child = spawn(pythonPath(), [join(repository, 'test/support/programs', script), ...args], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => (status === 0 ? resolve(stdout) : reject(new Error(stderr))));
  });
}
