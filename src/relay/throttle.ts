/** Holds the kernel back while no client can take what it prints. */
export interface Throttle {
  /** True while the kernel is stopped. */
  readonly isHeld: boolean;
  /** Looks whether the kernel is to be stopped. To be called after each output. */
  check(): void;
  /** Lets the kernel go on, and leaves it alone for a while: it is to take a signal or a request. */
  release(): void;
}

/** Options of {@link createThrottle}. */
export interface ThrottleOptions {
  /** Bytes of output that wait for the client that reads fastest. */
  readonly waiting: () => number;
  readonly stop: () => void;
  readonly resume: () => void;
}

/** Bytes above which the kernel is stopped, and below which it goes on. */
const STOP_ABOVE = 8 * 2 ** 20;
const RESUME_BELOW = 2 * 2 ** 20;
/** Milliseconds from one look to the next while it is stopped. */
const INTERVAL = 5;
/** Milliseconds in which clients have taken nothing, after which it goes on: it is not theirs to stop. */
const STUCK_AFTER = 3_000;
/** Milliseconds for which it is left alone after {@link Throttle.release}. */
const RELEASED = 500;

/**
 * No back-pressure passes a PUB socket: a kernel that is not read loses its output, and one that is read faster than clients read has the
 * output pile up here. So what is piled up stops its process, until clients have taken most of it.
 */
export function createThrottle({ waiting, stop, resume }: ThrottleOptions): Throttle {
  let timer: NodeJS.Timeout | undefined;
  let least = Infinity;
  let leastAt = 0;
  let freeUntil = 0;
  /** Clients took nothing for long: they are waited for again once they have caught up. */
  let isStuck = false;

  const end = (): void => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    resume();
  };
  const look = (): void => {
    const bytes = waiting();
    const now = performance.now();
    if (bytes < least) [least, leastAt] = [bytes, now];
    isStuck = now - leastAt > STUCK_AFTER;
    if (isStuck || bytes < RESUME_BELOW) end();
  };
  return {
    get isHeld() {
      return timer !== undefined;
    },
    check() {
      if (timer !== undefined) return;
      const bytes = waiting();
      if (bytes < RESUME_BELOW) isStuck = false;
      const now = performance.now();
      if (isStuck || bytes <= STOP_ABOVE || now < freeUntil) return;
      [least, leastAt] = [bytes, now];
      stop();
      timer = setInterval(look, INTERVAL);
    },
    release() {
      freeUntil = performance.now() + RELEASED;
      end();
    },
  };
}
