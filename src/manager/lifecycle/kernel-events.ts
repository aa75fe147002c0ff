import type { CurveKernelError } from '../../errors.js';
import type { ProcessEnd } from '../../launch/process-launcher.js';
import { reportUncaught } from '../../support/report-uncaught.js';

/** Events of a kernel after its start, with the details that listeners get. */
export interface ManagedKernelEvents {
  /** The process has ended or is about to be ended, and a new one will start. `automatic`: it died by itself. */
  readonly restarting: { readonly automatic: boolean; readonly attempt: number; readonly ended?: ProcessEnd };
  /** A new process is ready; `connection`, `security` and `info` may have changed. */
  readonly restarted: { readonly automatic: boolean };
  /** It died, or could not be restarted, and stays dead. */
  readonly dead: { readonly error: CurveKernelError };
  /** It was shut down. */
  readonly closed: Readonly<Record<string, never>>;
}

type Listener<E extends keyof ManagedKernelEvents> = (detail: ManagedKernelEvents[E]) => void;

/** The listeners of one kernel. */
export class KernelEvents {
  readonly #listeners: { [E in keyof ManagedKernelEvents]: Set<Listener<E>> } = {
    restarting: new Set(),
    restarted: new Set(),
    dead: new Set(),
    closed: new Set(),
  };

  /** Returns a function that removes the listener. */
  on<E extends keyof ManagedKernelEvents>(event: E, listener: Listener<E>): () => void {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** Calls every listener synchronously. An error in one is reported as an uncaught exception; the others are still called. */
  emit<E extends keyof ManagedKernelEvents>(event: E, detail: ManagedKernelEvents[E]): void {
    for (const listener of this.#listeners[event]) {
      try {
        listener(detail);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }
}
