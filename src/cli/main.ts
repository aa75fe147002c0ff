#!/usr/bin/env node
/** The command's entry. `kernel` and `relay` are on paths of their own: their options can be parsed without the libraries of the other commands. */
const args = process.argv.slice(2);

if (args[0] === 'kernel' && !args.includes('--help')) {
  const { runKernelProcess } = await import('./kernel-process.js');
  await runKernelProcess(args.slice(1));
} else if (args[0] === 'relay' && args[1] !== '--help') {
  const { runRelayProcess } = await import('./relay-process.js');
  await runRelayProcess(args.slice(1));
} else {
  const { runCommand } = await import('./run-command.js');
  await runCommand(args);
}
