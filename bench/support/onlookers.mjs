import { formatConnectionInfo } from '#src/connection/write-connection-file.js';
import { startProgram } from './program.mjs';

/** Starts a process that subscribes to each of these connections; resolves when each has received something. */
export async function lookOn(bench, connections) {
  const program = startProgram(bench, 'onlookers.mjs');
  program.say(JSON.stringify(connections.map((one) => ('curve' in one ? JSON.parse(formatConnectionInfo(one)) : one))));
  await program.next();
  return {
    /** Resolves when each has received that many messages of a megabyte. */
    async heard(count) {
      program.say(String(count));
      await program.next();
    },
    end: () => program.end(),
  };
}
