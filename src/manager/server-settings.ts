import type { KernelSpec as JupyterKernelSpec, ServerConnection } from '@jupyterlab/services';
import type { Services } from './services-module.js';
import { muteNextLine } from './mute-next-line.js';
import { socketClassOf, type SocketHost } from './zmq-socket.js';

/**
 * Settings with which `@jupyterlab/services` reaches no server at all: its sockets are ours, its messages stay objects, and its
 * requests go nowhere, except for kernelspecs, for which clones of a connection ask by themselves.
 *
 * A connection says in `console.debug`, which is standard output in Node, which address it opens, right after it has read it here: of an
 * address that no person knows, that line is taken off.
 */
export function localServerSettings(
  services: Services,
  host: SocketHost,
  specs: () => Promise<JupyterKernelSpec.ISpecModels>,
): ServerConnection.ISettings {
  const settings = services.ServerConnection.makeSettings({
    baseUrl: 'http://local.invalid/',
    wsUrl: SOCKET_URL,
    token: '',
    appendToken: false,
    WebSocket: socketClassOf(host),
    serializer: { serialize: asIs, deserialize: asIs },
    fetch: async (input) => {
      const { method, url } = new Request(input);
      if (method === 'GET' && new URL(url).pathname === '/api/kernelspecs') return specsResponse(await specs());
      throw new TypeError(`There is no Jupyter server behind these services (${method} ${new URL(url).pathname}).`);
    },
  });
  return Object.defineProperty(settings, 'wsUrl', {
    enumerable: true,
    get: () => {
      muteNextLine(console, `Starting WebSocket: ${SOCKET_URL}`);
      return SOCKET_URL;
    },
  });
}

const SOCKET_URL = 'ws://local.invalid/';

/** Upstream's types know serialized messages only; between it and our sockets they stay what they are. */
function asIs(message: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing is converted, on purpose
  return message as never;
}

/** As Jupyter Server answers: what a kernel.json says is one level deeper there. */
function specsResponse({ default: name, kernelspecs }: JupyterKernelSpec.ISpecModels): Response {
  const models = Object.entries(kernelspecs).map(([key, model]) => {
    const { name: specName, resources, ...spec } = model ?? {};
    return [key, { name: specName, resources, spec }] as const;
  });
  return Response.json({ default: name, kernelspecs: Object.fromEntries(models) });
}
