/**
 * A kernel of a little language, as a process of its own: `node echo-kernel.mjs CONNECTION_FILE`. Its code is one word that
 * says what to do; anything else is echoed. What spins does so in another process, as an evaluator would.
 */
import { spawn } from 'node:child_process';
import { serveKernel } from '../../../../dist/kernel/serve-kernel.js';

const children = new Set();
const endChildren = async () => children.forEach((child) => child.kill('SIGKILL'));

const run = {
  pid: async (cell) => cell.result({ 'text/plain': String(process.pid) }),
  spin: async (cell) => {
    const child = spawn(process.execPath, ['-e', 'process.stdout.write(`${process.pid}`); for (;;);']);
    children.add(child);
    child.stdout.on('data', (text) => cell.stream('stdout', `spinning in ${text}`));
    await new Promise((resolve) => child.once('exit', resolve));
    children.delete(child);
    cell.signal.throwIfAborted();
  },
  fault: async () => {
    setTimeout(() => {
      throw new Error('thrown in a timer');
    });
    void Promise.reject(new Error('rejected, and nobody handles it'));
  },
  environment: async (cell) => {
    const child = spawn(process.execPath, ['-p', 'process.env.JUPYTER_CURVE_SECRETKEY']);
    const texts = [];
    for await (const text of child.stdout) texts.push(text);
    cell.result({ 'text/plain': `${process.env['JUPYTER_CURVE_SECRETKEY']} ${texts.join('').trim()}` });
  },
  ask: async (cell) => cell.result({ 'text/plain': `hello ${await cell.input('name? ')}` }),
};

const kernel = await serveKernel(
  {
    info: {
      implementation: 'echo',
      implementation_version: '1.0',
      banner: 'echo',
      language_info: { name: 'echo', version: '1.0', mimetype: 'text/plain', file_extension: '.txt' },
    },
    execute: async ({ code }, cell) => {
      if (Object.hasOwn(run, code)) await run[code](cell);
      else cell.stream('stdout', code);
      return { status: 'ok' };
    },
    interrupt: endChildren,
    close: endChildren,
  },
  process.argv[2],
  { ownsProcess: true, onFailure: (error) => console.error(String(error)) },
);
await kernel.closed;
