import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

const pathOf = (name) => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
const commandOf = (bench, name) => (name.endsWith('.py') ? bench.python : process.execPath);

/** Starts a program of bench/programs that takes lines and answers with lines. It ends when its input does. */
export function startProgram(bench, name, ...args) {
  const child = spawn(commandOf(bench, name), [pathOf(name), ...args], {
    env: bench.env,
    cwd: bench.folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid,
    async next() {
      const line = await lines.next();
      if (line.done) throw new Error(`${name} ended early.`);
      return line.value;
    },
    say: (line) => child.stdin.write(`${line}\n`),
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

/** Runs a program of bench/programs to its end; returns the JSON that it prints. */
export async function runProgram(bench, name, ...args) {
  const options = { env: bench.env, cwd: bench.folder };
  const { stdout } = await promisify(execFile)(commandOf(bench, name), [pathOf(name), ...args.map(String)], options);
  return JSON.parse(stdout);
}
