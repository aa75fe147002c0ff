import type { KernelSpec as JupyterKernelSpec, ServerConnection } from '@jupyterlab/services';
import type { Services } from './load-services.js';
import { SOCKET_URL } from './quiet-services.js';
import { socketClassOf, type SocketHost } from './zmq-socket.js';

/**
 * Settings with which `@jupyterlab/services` needs no server: its sockets are {@link ZmqSocket}s, its messages stay objects, and its requests
 * fail, except for kernelspecs, which clones of a connection request by themselves.
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

/** Upstream's types expect serialized messages; between it and {@link ZmqSocket} they stay objects. */
function asIs(message: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing is converted, on purpose
  return message as never;
}

/** The response of Jupyter Server, where the content of kernel.json is one level deeper. */
function specsResponse({ default: name, kernelspecs }: JupyterKernelSpec.ISpecModels): Response {
  const models = Object.entries(kernelspecs).map(([key, model]) => {
    const { name: specName, resources, ...spec } = model ?? {};
    return [key, { name: specName, resources, spec }] as const;
  });
  return Response.json({ default: name, kernelspecs: Object.fromEntries(models) });
}
