import type { KernelSpec as JupyterKernelSpec, ServerConnection } from '@jupyterlab/services';
import type { Services } from './load-services.js';
import { SOCKET_URL } from './quiet-services.js';
import { socketClassOf, type SocketHost } from './zmq-socket.js';

/**
 * Settings with which `@jupyterlab/services` reaches no server at all: its sockets are ours, its messages stay objects, and its
 * requests go nowhere, except for kernelspecs, for which clones of a connection ask by themselves.
 */
export function localServerSettings(
  services: Services,
  host: SocketHost,
  specs: () => Promise<JupyterKernelSpec.ISpecModels>,
): ServerConnection.ISettings {
  return services.ServerConnection.makeSettings({
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
}

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
