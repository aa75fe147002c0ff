import { startProgram } from './program.mjs';

/** The kernels that are compared: the name of the kernelspec, and what is asked of its manager. */
const KINDS = {
  ours: { name: 'typescript', encryption: 'required' },
  'ours, plain text': { name: 'typescript', encryption: 'disabled' },
  Deno: { name: 'deno', encryption: 'disabled' },
  tslab: { name: 'tslab', encryption: 'disabled' },
  ipykernel: { name: 'python3', encryption: 'required' },
};
const WARM_UP = 100;

/** Kernels with one client for all, jupyter_client: see programs/kernel_client.py. */
export function openKernels(bench) {
  const program = startProgram(bench, 'kernel_client.py');
  const warm = new Map();
  let turn = Promise.resolve();

  /** One request after the other; resolves to its value. */
  const ask = (act, args) => {
    const answer = turn.then(async () => {
      program.say(JSON.stringify({ do: act, ...args }));
      const { value, error } = JSON.parse(await program.next());
      if (error !== undefined) throw new Error(`${JSON.stringify({ do: act, ...args })}: ${error}`);
      return value;
    });
    turn = answer.catch(() => {});
    return answer;
  };

  const start = async (kind) => {
    const { kernel, ...found } = await ask('start', KINDS[kind]);
    return {
      ...found,
      /** `trips`, `queue`, `run` or `interrupt`. */
      ask: (act, args) => ask(act, { kernel, ...args }),
      stop: () => ask('stop', { kernel }),
    };
  };

  return {
    /** A new kernel: `pid`, `file`, the times `reply` and `cell` of its start, `ask` and `stop`. */
    start,
    /** A kernel that has run some cells, and that all measurements share which ask for one of its kind. */
    warm(kind) {
      const started = warm.get(kind) ?? startWarm(kind);
      warm.set(kind, started);
      return started;
    },
    /** Ends the client and all its kernels. */
    close: () => program.end(),
  };

  async function startWarm(kind) {
    const kernel = await start(kind);
    await kernel.ask('trips', { count: WARM_UP });
    return kernel;
  }
}
