// Starts kernels at once with our manager, and ends them. Prints `{"wall", "stall", "busy"}`, milliseconds: until all are ready; the longest
// time in which the event loop had no turn; and the processor time of this process in it. In the rest of it this process waited for a new one
// to run its program, or other processes had the processors.
// Usage: many-kernels.mjs COUNT
import { startKernel } from 'jupyter-curve';

const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let last = { at: performance.now(), used: processorTime() };
let longest = { stall: 0, busy: 0 };
const turns = setInterval(() => {
  const now = { at: performance.now(), used: processorTime() };
  if (now.at - last.at > longest.stall) longest = { stall: now.at - last.at, busy: now.used - last.used };
  last = now;
}, 1);
const begin = performance.now();
const options = { kernelName: 'typescript', transportEncryption: 'required' };
const kernels = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => startKernel(options)));
const wall = performance.now() - begin;
clearInterval(turns);
process.stdout.write(`${JSON.stringify({ wall, ...longest })}\n`);
await Promise.all(kernels.map((kernel) => kernel.shutdown()));
