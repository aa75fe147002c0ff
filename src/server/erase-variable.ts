import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/** Places in `/proc/PID/stat`, counted from the field after the command's name (proc_pid_stat(5), fields 50 and 51). */
const ENV_START = 47;
const ENV_END = 48;

/**
 * Removes a variable from the environment of this process, and overwrites it where Linux keeps showing the environment that the
 * process was started with (`/proc/PID/environ`), to every other process of the same user: deleting alone does not reach that.
 *
 * Elsewhere than on Linux, and where `/proc` may not be written, only the first is done; the result tells.
 */
export function eraseVariable(name: string): boolean {
  delete process.env[name];
  if (process.platform !== 'linux') return false;
  try {
    overwrite(Buffer.from(`${name}=`));
    return !readFileSync('/proc/self/environ').includes(`${name}=`);
  } catch {
    return false;
  }
}

function overwrite(prefix: Buffer): void {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [start, end] = [Number(fields[ENV_START]), Number(fields[ENV_END])];
  const memory = openSync('/proc/self/mem', constants.O_RDWR);
  try {
    const block = Buffer.alloc(end - start);
    const length = readSync(memory, block, 0, block.length, start);
    for (let at = 0; at < length;) {
      const next = block.indexOf(0, at);
      const stop = next < 0 ? length : next;
      if (block.subarray(at, at + prefix.length).equals(prefix)) {
        writeSync(memory, Buffer.alloc(stop - at, 0x20), 0, stop - at, start + at);
      }
      at = stop + 1;
    }
    block.fill(0);
  } finally {
    closeSync(memory);
  }
}
