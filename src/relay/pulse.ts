/** Whether a kernel answers its heartbeat. */
export interface Pulse {
  /** True while the last answer is recent. */
  isAlive(): boolean;
  stop(): void;
}

/** Milliseconds from one ping to the next. */
const INTERVAL = 500;
/** Milliseconds without an answer after which a kernel counts as silent: what front ends wait for one. */
const SILENT_AFTER = 3_000;

/**
 * Pings a kernel again and again. The heartbeats of clients are not passed on: a socket that admits every key must not be a way into the
 * kernel.
 *
 * @param ping Resolves with the answer; rejects after so many milliseconds without.
 */
export function watchPulse(ping: (timeout: number) => Promise<unknown>): Pulse {
  let lastAnswer = performance.now();
  const beat = async (): Promise<void> => {
    await ping(SILENT_AFTER);
    lastAnswer = performance.now();
  };
  const timer = setInterval(() => void beat().catch(() => undefined), INTERVAL).unref();
  return {
    isAlive: () => performance.now() - lastAnswer < SILENT_AFTER,
    stop: () => clearInterval(timer),
  };
}
