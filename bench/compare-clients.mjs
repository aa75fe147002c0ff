// Execute round trips of two clients on one encrypted ipykernel, in alternating batches.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @returns {Promise<Record<string, Record<string, number[]>>>} figure → client → milliseconds. */
export async function compareClients(python, env, batches) {
  const kernel = start(python, [file('client_kernel.py')], env);
  const connectionFile = await kernel.next();
  const clients = {
    'our Node client': start(process.execPath, [file('client.mjs'), connectionFile], env),
    jupyter_client: start(python, [file('client.py'), connectionFile], env),
  };
  const times = Object.fromEntries(Object.keys(clients).map((name) => [name, []]));
  try {
    for (const client of Object.values(clients)) await client.next();
    for (let batch = -1; batch < batches; batch += 1) {
      for (const [name, client] of Object.entries(clients)) {
        client.say('50');
        const found = JSON.parse(await client.next());
        if (batch >= 0) times[name].push(...found); // The first batch warms up.
      }
    }
  } finally {
    for (const program of [...Object.values(clients), kernel]) await program.end();
  }
  return { 'execute 1+1 on ipykernel, curve, ms': times };
}

function start(command, args, env) {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const line = await lines.next();
      if (line.done) throw new Error(`${args[0]} ended early`);
      return line.value;
    },
    say: (line) => child.stdin.write(`${line}\n`),
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
