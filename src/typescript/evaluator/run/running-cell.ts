import type { EvaluatorRequest } from '../../pipe/pipe-messages.js';
import { ORIGINAL } from '../builtins.js';
import type { CompiledCell } from '../compile/compile-cell.js';
import type { Standing } from '../inspect/describe-error.js';
import { Interrupted } from '../interrupt/interrupted.js';
import type { Bundle } from '../output/mime-bundle.js';

/** The request to execute a cell. */
export type ExecuteRequest = Extract<EvaluatorRequest, { type: 'execute' }>;

/** Taken before a cell can replace them. */
const { Object, Promise, Reflect, resolve } = ORIGINAL;
const { then } = Promise.prototype as { then: (...reactions: unknown[]) => unknown };

/** A cell from its request to its end: its awaits, and the place where it stands. */
export class RunningCell {
  readonly request: ExecuteRequest;
  compiled: CompiledCell | undefined;
  /** Its last value, which is sent with its end: one message less for the kernel to wake up for. */
  result: Bundle | undefined;
  /** The functions that reject what it waits for, by number. */
  #waiting = createRecord<(error: unknown) => void>();
  #waits = 0;
  /** The place in the transpiled text of the top-level await that it came to last. */
  #awaited: number | undefined;
  /** The error that a top-level await threw last, and the await's place in the transpiled text. */
  #thrown: { readonly error: unknown; readonly offset: number | undefined } | undefined;

  constructor(request: ExecuteRequest) {
    this.request = request;
  }

  get isWaiting(): boolean {
    return !isEmpty(this.#waiting);
  }

  /** Returns what a top-level await at `offset` waits for in place of `value`: it can be rejected. */
  guard(offset: number | undefined, value: unknown): unknown {
    this.#awaited = offset ?? this.#awaited;
    if (typeof value !== 'object' && typeof value !== 'function') return value;
    const number = ++this.#waits;
    return new Promise((fulfilled, reject) => {
      const fail = (error: unknown): void => {
        delete this.#waiting[number];
        this.#thrown = { error, offset };
        reject(error);
      };
      const fulfil = (result: unknown): void => {
        delete this.#waiting[number];
        fulfilled(result);
      };
      this.#waiting[number] = fail;
      void Reflect.apply(then, resolve(value), [fulfil, fail]);
    });
  }

  /** Rejects everything that it waits for. */
  rejectAll(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = createRecord();
    for (const number in waiting) waiting[number]?.(error);
  }

  /** The place where it stood when it was left by `error`, if that came out of an await of its own. */
  standing(error: unknown): Standing | undefined {
    const thrown = this.#thrown;
    // One that is terminated when it goes on after an await is at no place of its own.
    const offset = thrown?.error === error ? thrown?.offset : error instanceof Interrupted ? this.#awaited : undefined;
    if (offset === undefined) return undefined;
    const position = this.compiled?.originalOffset(offset);
    return position === undefined ? undefined : { executionCount: this.request.executionCount, position };
  }
}

/** A record of values by number. It has no methods that a cell could patch, unlike a `Map`. */
export function createRecord<T>(): Record<number, T> {
  return Object.create(null) as Record<number, T>;
}

/** Whether a record has no fields. */
export function isEmpty(record: object): boolean {
  return Reflect.ownKeys(record).length === 0;
}
