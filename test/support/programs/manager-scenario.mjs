// One kernel's life under our manager, through @jupyterlab/services: the twin of jupyter_client_scenario.py.
// Usage: manager-scenario.mjs KERNEL TRANSPORT POLICY
import { readFile, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { attach, connectServices, endpoint, probe, quietServices, readConnectionFile } from 'jupyter-curve';

const [kernelName, transport, policy] = process.argv.slice(2);
const code = {
  python3: {
    stdout: 'print(6 * 7)',
    state: "kept = 'still here'",
    recall: 'print(kept)',
    stdin: "print('got ' + input('name? '))",
    busy: 'while True: pass',
  },
  typescript: {
    stdout: 'const answer: number = 6 * 7; console.log(answer)',
    state: "const kept: string = 'still here'",
    recall: 'console.log(kept)',
    stdin: "console.log('got ' + await input('name? '))",
    busy: 'while (true) {}',
  },
}[kernelName];

/** Runs a cell; gives what jupyter_client_scenario.py gives: status, stdout, ename. */
async function execute(kernel, source, answer) {
  let out = '';
  const future = kernel.requestExecute({ code: source, allow_stdin: answer !== undefined });
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === 'stream' && content.name === 'stdout') out += content.text;
  };
  future.onStdin = ({ header, parent_header: parent }) => {
    if (header.msg_type === 'input_request') future.sendInputReply({ status: 'ok', value: answer }, parent);
  };
  const { content } = await future.done;
  return [content.status, out, content.ename ?? null];
}

async function interrupted(kernel) {
  // After a failed cell ipykernel aborts for a moment also what is sent in knowledge of the failure.
  const future = kernel.requestExecute({ code: code.busy, stop_on_error: kernelName !== 'python3' });
  await new Promise((running) => {
    future.onIOPub = ({ header }) => {
      if (header.msg_type === 'execute_input') running();
    };
  });
  await sleep(200);
  await kernel.interrupt();
  return (await future.done).content.status;
}

quietServices(console);
const services = await connectServices({
  transport,
  transportEncryption: policy,
  onWarning: () => undefined,
});
const seen = {};
let file;
try {
  const kernel = await services.kernels.startNew({ name: kernelName });
  file = services.managedKernel(kernel.id).connectionFile;
  const fields = JSON.parse(await readFile(file, 'utf8'));
  seen.keys = 'curve_publickey' in fields && 'curve_secretkey' in fields;
  seen.mode = `0o${((await stat(file)).mode & 0o777).toString(8)}`;
  seen.mechanisms = [...new Set(Object.values(services.security(kernel.id)).map(({ mechanism }) => mechanism))];
  const heartbeat = endpoint(await readConnectionFile(file), 'heartbeat');
  seen.plaintext_peer = await probe(heartbeat, { mechanism: 'null' }, 'heartbeat');
  seen.stdout = await execute(kernel, code.stdout);
  seen.state = await execute(kernel, code.state);
  seen.stdin = await execute(kernel, code.stdin, 'Ada');
  seen.interrupt = await interrupted(kernel);
  seen.recall = await execute(kernel, code.recall);

  const second = await attach(file);
  seen.second_client = await execute(second.connection, code.recall);
  await second.close();

  await kernel.restart();
  seen.after_restart = (await execute(kernel, code.recall))[0];
  seen.stdout_after_restart = await execute(kernel, code.stdout);
  await kernel.shutdown();
} finally {
  await services.close();
}
seen.file_left = existsSync(file);
process.stdout.write(`${JSON.stringify(seen)}\n`);
