// A kernel that listens, prints its connection file, and then does nothing for so many milliseconds, from the first message on or at
// once: no handler of its own runs in that time, and libzmq goes on alone.
// Usage: busy-kernel.mjs MILLISECONDS [when-asked]
import { openEncryptedListener } from '../../programs/encrypted-listener.mjs';

await openEncryptedListener({ onMessage: rest });
if (process.argv[3] !== 'when-asked') setImmediate(rest);

function rest() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(process.argv[2]));
}
