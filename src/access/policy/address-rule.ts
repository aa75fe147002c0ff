import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { quote } from '../quote.js';

/**
 * True if a peer of this address is admitted, as ZAP (ZeroMQ RFC 27) names it: an IP address for tcp, `localhost:uid:gid:pid` for ipc. False
 * for what is neither.
 */
export type AddressRule = (address: string) => boolean;

/** An entry that stands for every peer on an ipc socket, and for none on tcp. */
export const LOCAL = 'local';

/**
 * Compiles a list of addresses and CIDR blocks (RFC 4632, RFC 4291), and {@link LOCAL}. An IPv4 address counts as such also when
 * it is written as an IPv6 address (`::ffff:10.0.0.1`), in the list and in what comes from the socket.
 *
 * @throws TypeError that says what is wrong with the list, also for an empty one.
 */
export function createAddressRule(list: readonly string[]): AddressRule {
  if (list.length === 0) throw new TypeError('The list names no address');
  const blocks = new BlockList();
  let local = false;
  for (const entry of list) {
    if (entry === LOCAL) {
      local = true;
      continue;
    }
    const { address, prefix, family } = parseBlock(entry);
    blocks.addSubnet(address, prefix, family);
  }
  return (text) => {
    if (IPC_PEER.test(text)) return local;
    const peer = parseAddress(text.replace(/^\[(.*)\]$/, '$1').replace(/%[\w.-]+$/, ''));
    return peer !== undefined && blocks.check(peer.address, peer.family);
  };
}

const IPC_PEER = /^localhost(:-?\d*){0,3}$/;
const MAPPED_BITS = 96;

interface Address {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** It is an IPv4 address, written as an IPv6 address. */
  readonly mapped: boolean;
}

function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { address: text, family: 'ipv4', mapped: false };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const inside = address.replace(/^::ffff:/, '');
  return isIPv4(inside)
    ? { address: inside, family: 'ipv4', mapped: true }
    : { address, family: 'ipv6', mapped: false };
}

function parseBlock(entry: string): Address & { readonly prefix: number } {
  const [text = '', digits, ...more] = entry.split('/');
  const parsed = parseAddress(text);
  const longest = parsed?.family === 'ipv4' && !parsed.mapped ? 32 : 128;
  const prefix = digits === undefined ? longest : /^\d{1,3}$/.test(digits) ? Number(digits) : NaN;
  if (parsed === undefined || more.length > 0 || !(prefix <= longest)) {
    throw new TypeError(`${quote(entry)} is neither an address, a block such as 10.0.0.0/8, nor "${LOCAL}"`);
  }
  if (!parsed.mapped) return { ...parsed, prefix };
  if (prefix < MAPPED_BITS) throw new TypeError(`${quote(entry)} is an IPv4 address with the prefix of an IPv6 block`);
  return { ...parsed, prefix: prefix - MAPPED_BITS };
}
