import { onAbort } from '../../support/abort.js';
import { definedOnly } from '../../support/defined-only.js';
import { startKernel } from '../../manager/lifecycle/start-kernel.js';
import type { ManagedKernel } from '../../manager/lifecycle/managed-kernel.js';
import { defineCommand } from '../command.js';
import { SHARING_OPTIONS } from '../options/sharing-options.js';
import { createDroppedMessages } from '../output/dropped-messages.js';
import { listenForInterruption, type Interruption } from '../interruption.js';
import { ENCRYPTION_OPTION, KERNEL_OPTION, text } from '../options/option.js';
import { printNote, printResult, printWarning } from '../output/output.js';
import { findSharedKernelspec } from '../kernelspec/shared-kernelspec.js';

/** `start`: keeps a kernel running in the foreground, for clients of any kind to attach to by its connection file. */
export const command = defineCommand({
  options: {
    kernel: KERNEL_OPTION,
    'transport-encryption': ENCRYPTION_OPTION,
    'connection-file': text('Where to write the connection file'),
    ip: text('IP address to listen on; * is every IPv4 address [default: 127.0.0.1]'),
    ...SHARING_OPTIONS,
  },
  examples: [['start --kernel python3 --transport-encryption required']],
  run: async (args) => {
    using interruption = listenForInterruption();
    using dropped = createDroppedMessages();
    const kernel = await startKernel({
      kernelName: args.kernel ?? 'typescript',
      transportEncryption: args['transport-encryption'],
      ...definedOnly({ connectionFile: args['connection-file'], ip: args.ip }),
      findKernelSpec: findSharedKernelspec(args),
      autoRestart: false,
      signal: interruption.softAbort,
      onWarning: printWarning,
      onError: (_kernelId, error) => dropped.note(error),
      onOutput: (_name, output) => process.stderr.write(output),
    });
    const ended = whenEnded(kernel);
    printNote(
      `the kernel "${kernel.spec.name}" runs until Ctrl-C, or until "jupyter-curve shutdown" with its connection file`,
    );
    printResult(kernel.connectionFile);
    await Promise.race([ended, endOn(interruption, kernel)]);
  },
});

/** Resolves when this command or a client ended the kernel; rejects when it died. */
function whenEnded(kernel: ManagedKernel): Promise<void> {
  return new Promise((resolve, reject) => {
    kernel.on('closed', () => resolve());
    kernel.on('dead', ({ error }) => (error.data['code'] === 0 ? resolve() : reject(error)));
  });
}

/**
 * Ends the kernel on an interruption, including one from before it was ready. Rejects when it cannot be ended. The kernel is asked first, even
 * on SIGTERM: one that is killed cannot close its audit file.
 */
function endOn({ softAbort, hardAbort }: Interruption, kernel: ManagedKernel): Promise<never> {
  return new Promise((_resolve, reject) => {
    let asked = false;
    const ask = (): void => {
      kernel.shutdown().catch(reject);
      setImmediate(() => (asked = true));
    };
    onAbort(hardAbort, () => void (asked && kernel.shutdown({ now: true }).catch(reject)));
    onAbort(softAbort, ask);
  });
}
