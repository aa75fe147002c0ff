import { isIPv4, isIPv6 } from 'node:net';
import { CurveKernelError } from '../errors.js';
import { asClause } from '../support/as-clause.js';
import {
  FIELD_DEFAULTS,
  type FieldName,
  type Fields,
  invalidField,
  optionalText,
  requiredText,
} from './connection-fields.js';
import { kindOf } from '../protocol/json-fields.js';
import type { ConnectionInfo, Ports, Transport } from './connection-info.js';
import type { SocketName } from '../protocol/message.js';
import { endpoint } from './endpoints.js';
import { perSocket, SOCKET_NAMES } from './per-socket.js';

/** The part of a connection file that says where the sockets are. */
export type Address = Pick<ConnectionInfo, 'transport' | 'ip' | 'ports'>;

/** The addresses of the sockets in a connection file. Throws `connection-file-invalid`. */
export function readAddress(fields: Fields): Address {
  const transport = readTransport(fields);
  const address = { transport, ip: readIp(fields, transport), ports: readPorts(fields) };
  try {
    for (const socket of SOCKET_NAMES) endpoint(address, socket);
  } catch (cause) {
    if (!(cause instanceof CurveKernelError)) throw cause;
    throw invalidField(fields, 'ip', `is too long: ${asClause(cause.message)}`, cause.hint, cause);
  }
  return address;
}

/** The ports, under the names that they have in a file. */
export function formatPorts(ports: Ports): Readonly<Record<string, number>> {
  return Object.fromEntries(SOCKET_NAMES.map((socket) => [PORT_FIELDS[socket], ports[socket]]));
}

const PORT_FIELDS = {
  shell: 'shell_port',
  iopub: 'iopub_port',
  stdin: 'stdin_port',
  control: 'control_port',
  heartbeat: 'hb_port',
} as const satisfies Record<SocketName, FieldName>;

const PORT_HINT = 'A port is a whole number from 0 to 65535; 0 lets the kernel choose.';

function readPorts(fields: Fields): Ports {
  const ports = perSocket((socket) => readPort(fields, PORT_FIELDS[socket]));
  const taken = new Map<number, FieldName>();
  for (const socket of SOCKET_NAMES) {
    const [field, port] = [PORT_FIELDS[socket], ports[socket]];
    const other = taken.get(port);
    if (other !== undefined && port !== 0) {
      throw invalidField(fields, field, `is ${port}, as ${other} is`, 'Each socket needs a port of its own.');
    }
    taken.set(port, field);
  }
  return ports;
}

function readPort(fields: Fields, field: FieldName): number {
  const port = fields.json[field];
  if (port === undefined) throw invalidField(fields, field, 'is missing', PORT_HINT);
  if (typeof port !== 'number') throw invalidField(fields, field, `is ${kindOf(port)}; a number is wanted`, PORT_HINT);
  if (!Number.isInteger(port)) throw invalidField(fields, field, 'is not a whole number', PORT_HINT);
  if (port < 0 || port > 65535) throw invalidField(fields, field, 'is not from 0 to 65535', PORT_HINT);
  return port;
}

function readTransport(fields: Fields): Transport {
  const transport = optionalText(fields, 'transport') ?? FIELD_DEFAULTS.transport;
  if (transport === 'tcp' || transport === 'ipc') return transport;
  throw invalidField(fields, 'transport', 'is neither tcp nor ipc', 'Only these two are supported.');
}

function readIp(fields: Fields, transport: Transport): string {
  const ip = requiredText(fields, 'ip');
  if (transport === 'ipc') {
    if (/\p{Cc}/u.test(ip)) throw invalidField(fields, 'ip', 'holds control characters', 'With ipc it is a path.');
    return ip;
  }
  if (isHost(ip)) return ip;
  throw invalidField(fields, 'ip', 'is neither an address nor a host name', 'With tcp it is, say, 127.0.0.1 or ::1.');
}

function isHost(text: string): boolean {
  if (text === '*' || isIPv4(text) || (text.includes(':') && isIPv6(text.replace(/^\[(.+)\]$/, '$1')))) return true;
  // A host name (RFC 1123) or a network interface; what looks like an IPv4 address has to be one.
  return text.length <= 253 && /^[\w.-]+$/.test(text) && !/^[\d.]+$|^[.-]|[.-]$/.test(text);
}
