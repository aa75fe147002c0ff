import type { ChannelSecurity } from '../../manager/client/kernel-channels.js';
import { table } from './output.js';

/** Per channel: where it goes, how the socket itself says it is protected, and the fingerprint of the kernel's key. */
export function securityTable(security: ChannelSecurity): string {
  const rows = Object.entries(security).map(([channel, { endpoint, mechanism, fingerprint }]) => [
    channel,
    endpoint,
    mechanism === 'curve' ? 'CURVE' : 'NULL (plain text)',
    fingerprint ?? '-',
  ]);
  return table([['CHANNEL', 'ENDPOINT', 'MECHANISM', 'KEY FINGERPRINT'], ...rows]);
}
