import type { ConnectionInfo } from '../connection/connection-info.js';
import { exposeZ85 } from '../keys/curve-pair.js';

/** `text` with every key of the connection replaced: what a kernel prints in its last moments may quote its connection file. */
export function hideKeys(text: string, { key, curve }: ConnectionInfo): string {
  const secret = curve?.secretKey === undefined ? [] : [exposeZ85(curve.secretKey)];
  const keys = [key.exposeText(), ...secret, ...(curve === undefined ? [] : [curve.publicKey])];
  // In JSON, and so in a quoted connection file, Z85 reads the same: it has neither quotes nor backslashes.
  return keys.filter((one) => one !== '').reduce((hidden, one) => hidden.replaceAll(one, () => '[secret]'), text);
}
