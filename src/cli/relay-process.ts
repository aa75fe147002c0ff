import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { guardProcess } from '../keys/guard-process.js';
import { readWrappedSpec } from '../launch/relayed-spec.js';
import { startInnerKernel, type InnerEnd, type InnerKernel } from '../relay/inner-kernel.js';
import { eraseVariable } from '../server/erase-variable.js';
import { definedOnly } from '../support/defined-only.js';
import { createAlarmPrinter } from './output/alarm-printer.js';
import { warnOfOpenInside } from './output/open-inside-warning.js';
import { printError, reportFailure, tolerateClosedPipes } from './output/output.js';
import { warnOfPlainText } from './output/plain-text-warning.js';
import { readAccessOptions } from './options/sharing-options.js';
import { parseRelayArguments, type RelayArguments } from './options/relay-options.js';

/**
 * Runs the process that a wrapped kernelspec starts, with the arguments of `jupyter-curve relay`: the kernel of another kernelspec, behind
 * listeners with keys and access control. It ends with that kernel, and as that kernel ended.
 */
export async function runRelayProcess(args: readonly string[]): Promise<void> {
  guardProcess();
  tolerateClosedPipes();
  try {
    const env = { ...process.env };
    eraseVariable(SECRET_VARIABLE);
    const values = parseRelayArguments(args);
    const { spec: folder, inner: transport, prefix, extraArguments } = values;
    const spec = await readWrappedSpec(folder);
    if (transport === 'tcp') warnOfOpenInside();
    // It starts while what the relay needs is loaded.
    const inner = await startInnerKernel({ spec, transport, env, extraArguments, ...definedOnly({ prefix }) });
    exitAs((await serve(inner, values, env)) ? await inner.exited : { code: 0, signal: null });
  } catch (error) {
    reportFailure(error);
  }
}

/** Serves until the end. Returns true if the kernel ended by itself. */
async function serve(inner: InnerKernel, args: RelayArguments, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const [{ kernelOrigin, serveBackend }, { openRelayBackend }] = await Promise.all([
      import('../server/serve-backend.js'),
      import('../relay/relay-backend.js'),
    ]);
    const origin = kernelOrigin();
    const file = args['connection-file'];
    const kernel = await serveBackend(
      (outlet) => openRelayBackend(inner, outlet, { origin, onFailure: printError, throttles: !args.unthrottled }),
      file,
      {
        requireEncryption: args['require-encryption'],
        access: await readAccessOptions(args, file),
        env,
        ownsProcess: true,
        keepBytes: true,
        onFailure: printError,
        onAlarm: createAlarmPrinter(),
        origin,
      },
    );
    warnOfPlainText(kernel.connection);
    return (await kernel.closed).died === true;
  } finally {
    await inner.dispose();
  }
}

/** Ends this process as the kernel ended, so that a front end says the same about it. */
function exitAs({ code, signal }: InnerEnd): void {
  if (signal === null) process.exit(code ?? 0);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // A signal that this process cannot be ended by.
  setTimeout(() => process.exit(1), 1_000);
}
