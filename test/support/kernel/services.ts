/** The services on kernels of a workplace, and what tests ask of their connections. */
import { KernelMessage, type Kernel } from '@jupyterlab/services';
import {
  connectServices,
  type ConnectServicesOptions,
  type LocalServices,
} from '#src/manager/services/connect-services.js';
import { quietServices } from '#src/manager/services/quiet-services.js';
import type { Workplace } from './workplace.js';

export async function openServices(
  workplace: Workplace,
  options: Partial<ConnectServicesOptions> = {},
): Promise<LocalServices> {
  const quiet = quietServices(console);
  const services = await connectServices({
    transportEncryption: 'required',
    shutdownTimeout: 500,
    root: workplace.folder,
    ...options,
    env: { ...workplace.env, ...options.env },
  });
  const close = async (): Promise<void> => {
    await services.close();
    quiet[Symbol.dispose]();
  };
  return { ...services, close, [Symbol.asyncDispose]: close };
}

export interface Ran {
  readonly reply: KernelMessage.IExecuteReplyMsg['content'];
  readonly messages: readonly KernelMessage.IIOPubMessage[];
  /** What was printed to stdout. */
  readonly text: string;
  /** The text/plain of the result. */
  readonly result: string | undefined;
}

/** Runs code and waits for reply and idle; `answer` answers input requests. */
export async function run(
  kernel: Kernel.IKernelConnection,
  code: string,
  answer: (prompt: string) => string = () => '',
): Promise<Ran> {
  const future = kernel.requestExecute({ code, stop_on_error: false });
  const messages: KernelMessage.IIOPubMessage[] = [];
  future.onIOPub = (message) => void messages.push(message);
  future.onStdin = (message) => {
    if (!KernelMessage.isInputRequestMsg(message)) return;
    const { prompt } = message.content;
    kernel.sendInputReply({ status: 'ok', value: answer(prompt) }, message.header);
  };
  const reply = await future.done;
  const printed = messages.filter(KernelMessage.isStreamMsg).filter(({ content }) => content.name === 'stdout');
  const result = messages.find(KernelMessage.isExecuteResultMsg)?.content.data['text/plain'];
  return {
    reply: reply.content,
    messages,
    text: printed.map(({ content }) => content.text).join(''),
    result: typeof result === 'string' ? result : undefined,
  };
}

/** What a buffer holds, and how much memory it keeps. */
export function bytesOf(buffer: ArrayBuffer | ArrayBufferView | undefined): { text: string; memory: number } {
  if (!(buffer instanceof DataView)) throw new Error('not a DataView');
  const text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength).toString();
  return { text, memory: buffer.buffer.byteLength };
}

/** Resolves once the connection has this status; at once if it has. */
export function status(kernel: Kernel.IKernelConnection, wanted: Kernel.Status): Promise<void> {
  if (kernel.status === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (_: unknown, now: Kernel.Status): void => {
      if (now !== wanted) return;
      kernel.statusChanged.disconnect(look);
      resolve();
    };
    kernel.statusChanged.connect(look);
  });
}
