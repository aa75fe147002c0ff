/** Remembers signatures, so that a message counts once. */
export interface ReplayGuard {
  /** Records a signature that has been verified; false when it is among those remembered. */
  admit(signature: Uint8Array): boolean;
}

/**
 * Makes a guard that remembers exactly the last `capacity` signatures: about 120 bytes each, 8 MB when full.
 *
 * Give it verified signatures only: others could push genuine ones out. jupyter_client's `Session` keeps as many, and
 * drops a tenth at random when full.
 *
 * @throws TypeError when `capacity` is not a positive integer.
 */
export function createReplayGuard(capacity = 65_536): ReplayGuard {
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new TypeError(`The capacity must be a positive integer, and is ${String(capacity)}.`);
  }
  const seen = new Set<string>();
  const ring: string[] = [];
  let oldest = 0;
  return {
    admit(signature) {
      const digest = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('latin1');
      if (seen.has(digest)) return false;
      const evicted = ring[oldest];
      if (evicted !== undefined) seen.delete(evicted);
      ring[oldest] = digest;
      oldest = (oldest + 1) % capacity;
      seen.add(digest);
      return true;
    },
  };
}
