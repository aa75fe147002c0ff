import { readdir, readFile, readlink } from 'node:fs/promises';
import type { OwnProcess } from './own-processes.js';

/** A tcp port that a process listens on. */
export interface ListeningPort {
  readonly port: number;
  /** False if only this machine reaches it. */
  readonly isNetwork: boolean;
  readonly pid: number;
}

/** The tcp sockets of processes. */
export interface TcpSockets {
  /** Each port once, with the first of the processes that has it. */
  readonly listening: readonly ListeningPort[];
  /** Ports of this machine and others that they are connected to. */
  readonly connectedTo: ReadonlySet<number>;
}

/** A line of `/proc/net/tcp`. */
interface TableRow {
  readonly inode: string;
  readonly state: 'listening' | 'connected' | 'other';
  readonly port: number;
  readonly remotePort: number;
  readonly isNetwork: boolean;
}

/** The tcp sockets of processes by `/proc` alone (proc(5)): nothing is connected to. None where there is no `/proc`. */
export async function findTcpSockets(processes: readonly OwnProcess[]): Promise<TcpSockets> {
  const listening = new Map<number, ListeningPort>();
  const connectedTo = new Set<number>();
  for (const { pid } of processes) {
    const [inodes, tables] = await Promise.all([
      socketInodes(pid),
      Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'latin1').catch(() => ''))),
    ]);
    for (const { inode, state, port, remotePort, isNetwork } of tables.flatMap(parseTable)) {
      if (!inodes.has(inode)) continue;
      if (state === 'connected') connectedTo.add(remotePort);
      if (state === 'listening' && !listening.has(port)) listening.set(port, { port, isNetwork, pid });
    }
  }
  return { listening: [...listening.values()], connectedTo };
}

async function socketInodes(pid: number): Promise<ReadonlySet<string>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Reads `/proc/net/tcp` or `tcp6`: addresses are in hexadecimal, in the order of bytes of the machine. */
export function parseTable(text: string): TableRow[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', remote = '', state = '', , , , , , inode] = line.trim().split(/\s+/);
    if (inode === undefined || !/^[\dA-F]+:[\dA-F]{4}$/.test(local)) return [];
    const [address = '', port = ''] = local.split(':');
    return [
      {
        inode,
        state: STATES[state] ?? 'other',
        port: Number.parseInt(port, 16),
        remotePort: Number.parseInt(remote.split(':')[1] ?? '0', 16),
        isNetwork: !isLoopback(address),
      },
    ];
  });
}

/** `TCP_ESTABLISHED` and `TCP_LISTEN` of Linux. */
const STATES: Readonly<Record<string, TableRow['state']>> = { '01': 'connected', '0A': 'listening' };

/** 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as a little-endian machine writes them. */
const isLoopback = (address: string): boolean =>
  /^.{6}7F$/.test(address) || address === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(address);
