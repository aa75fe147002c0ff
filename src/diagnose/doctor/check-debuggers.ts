import { basename } from 'node:path';
import { processTree, type OwnProcess } from '../own-processes.js';
import { findTcpSockets, type ListeningPort } from '../tcp-sockets.js';
import { finding, type Finding } from './finding.js';

/** The processes of a kernel and the ports they listen on. */
export interface KernelPorts {
  readonly kernel: string;
  readonly processes: readonly OwnProcess[];
  readonly ports: readonly ListeningPort[];
}

/** Looks for debuggers of the kernel with this process. `kernel` names it in findings. */
export async function checkDebuggers(
  kernel: string,
  pid: number,
  all: ReadonlyMap<number, OwnProcess>,
): Promise<Finding[]> {
  const tree = processTree(pid, all);
  const own = await findTcpSockets(tree);
  const found = [{ processes: tree, ports: own.listening }];
  for (const adapter of [...all.values()].filter((one) => isDebugpy(one) && !tree.includes(one))) {
    const { listening } = await findTcpSockets([adapter]);
    // It leaves the kernel's tree of processes, and the kernel is connected to it.
    if (listening.some(({ port }) => own.connectedTo.has(port))) found.push({ processes: [adapter], ports: listening });
  }
  return found.flatMap((one) => judgePorts({ kernel, ...one }));
}

/**
 * Debuggers that listen in the processes of a kernel: their clients run code, and need no key. What listens is told by the arguments of its process and, for Node's
 * inspector, by its port. Other ports are no finding: ipykernel has one on loopback for the output of child processes, kernels of jupyter-curve have
 * five for each grant, and a cell may serve a page.
 */
export function judgePorts({ kernel, processes, ports }: KernelPorts): Finding[] {
  return processes.flatMap((owner) => {
    const own = ports.filter(({ pid, port }) => pid === owner.pid && debuggerOf(port, owner) !== undefined);
    const [first] = own;
    if (first === undefined) return [];
    const isNetwork = own.some((one) => one.isNetwork);
    const numbers = own.map(({ port }) => port).toSorted((x, y) => x - y);
    const reach = isNetwork ? 'the network' : 'every user of this machine';
    return [
      finding(isNetwork ? 'debugger-port-network' : 'debugger-port', {
        subject: `${kernel}, process ${owner.pid} (${basename(owner.argv[0] ?? '')})`,
        found: `${debuggerOf(first.port, owner)} listens at tcp ${numbers.length === 1 ? 'port' : 'ports'} ${numbers.join(', ')}: ${reach} can reach it, and its clients run code without a key`,
        wanted: 'no debugger, or no other user that reaches it',
        mend: isNetwork
          ? 'Restart the kernel, and have the debugger listen at 127.0.0.1.'
          : 'Turn the debugger off in the front end and restart the kernel.',
      }),
    ];
  });
}

const isDebugpy = ({ argv }: OwnProcess): boolean => argv.some((one) => /(?:^|[/\\])debugpy(?:[/\\]|$)/.test(one));

/** Node's inspector takes 9229 by default; the ports after it are those of further processes. */
function debuggerOf(port: number, owner: OwnProcess): string | undefined {
  if (isDebugpy(owner)) return 'debugpy';
  const isNode = /^node(?:\.exe)?$/.test(basename(owner.argv[0] ?? ''));
  const isInspected = (port >= 9229 && port <= 9239) || owner.argv.some((one) => one.startsWith('--inspect'));
  return isNode && isInspected ? "Node's inspector" : undefined;
}
