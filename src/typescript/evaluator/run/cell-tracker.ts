/**
 * Tracks the cell that causes the code that runs now, also after awaits and in timers, so that late output reaches the right cell.
 *
 * Where Node keeps asynchronous context in V8 itself (24, and 22 with its flag) this is `AsyncLocalStorage`. Elsewhere that
 * is built on async_hooks, which a termination upsets and which make each await three times as slow; there, the functions that schedule
 * callbacks are wrapped, and cells are compiled so that their async functions restore the cell after each await
 * ({@link CellTracker.resume}).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import process from 'node:process';
import { ORIGINAL } from '../builtins.js';

const { Reflect } = ORIGINAL;

/** Knows the cell on whose behalf the main thread runs. */
export interface CellTracker {
  /** Runs `action` on behalf of a cell. */
  run<T>(cell: number, action: () => T): T;
  /** The cell behind the code that runs now; the one started last when that is unknown; 0 before the first. */
  readonly current: () => number;
  /** The cell behind the code that runs now; 0 when that is unknown. */
  readonly known: () => number;
  /** The argument of {@link resume}: the number of the current cell, negative where it is a guess, so that it stays one. */
  readonly mark: () => number;
  /** Forgets the cell that a termination has ended: no `finally` has run then. */
  forget(): void;
  /** Present where async functions must be compiled to restore their cell: `resume(mark(), await x)`. */
  readonly resume?: <T>(mark: number, value: T) => T;
}

/** Whether this Node keeps asynchronous context in a way that survives a termination. */
export function hasSafeAsyncContext(version: string, arguments_: readonly string[]): boolean {
  return Number.parseInt(version, 10) >= 24 || arguments_.includes('--experimental-async-context-frame');
}

/** The tracker that fits this Node. Once per process: where callbacks are wrapped it replaces the global schedulers. */
export function createCellTracker(): CellTracker {
  if (!hasSafeAsyncContext(process.versions.node, process.execArgv)) return createWrappedTracker();
  const storage = new AsyncLocalStorage<number>();
  let last = 0;
  const known = (): number => storage.getStore() ?? 0;
  return {
    run(cell, action) {
      last = cell;
      return storage.run(cell, action);
    },
    current: () => known() || last,
    known,
    mark: known,
    forget() {},
  };
}

type Scheduler = (this: unknown, ...arguments_: unknown[]) => unknown;

/** The functions that take a callback first and call it later. */
const SCHEDULERS: readonly (readonly [object, string])[] = [
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [globalThis, 'queueMicrotask'],
  [process, 'nextTick'],
];

function createWrappedTracker(): CellTracker {
  let last = 0;
  /** The mark of the code that runs now; 0 for none. */
  let active = 0;
  let resetPlanned = false;
  const nextTick = process.nextTick.bind(process);

  const enter = <T>(mark: number, action: () => T): T => {
    const outer = active;
    active = mark;
    try {
      return action();
    } finally {
      active = outer;
    }
  };
  const mark = (): number => (active === 0 ? -last : active);
  const current = (): number => {
    const marked = mark();
    return marked < 0 ? -marked : marked;
  };
  const bind = (callback: unknown): unknown => {
    if (typeof callback !== 'function') return callback;
    const scheduled = mark();
    return function (this: unknown, ...arguments_: unknown[]): unknown {
      return enter(scheduled, () => Reflect.apply(callback, this, arguments_));
    };
  };

  for (const [owner, name] of SCHEDULERS) wrap(owner, name, 1, bind);
  wrap(Promise.prototype, 'then', 2, bind);

  return {
    run(cell, action) {
      last = cell;
      active = 0;
      return enter(cell, action);
    },
    current,
    known: () => (active > 0 ? active : 0),
    mark,
    forget() {
      active = 0;
    },
    resume(resumed, value) {
      active = resumed;
      // Ticks planned by a microtask run when no microtask is left: until then this cell is the cause.
      if (!resetPlanned) {
        resetPlanned = true;
        nextTick(() => {
          resetPlanned = false;
          active = 0;
        });
      }
      return value;
    },
  };
}

/** Replaces `owner[name]` by one whose first `count` arguments pass through `bind`, keeping its name and properties. */
function wrap(owner: object, name: string, count: number, bind: (callback: unknown) => unknown): void {
  const original = Reflect.get(owner, name) as Scheduler;
  const replacement = {
    [name](this: unknown, ...arguments_: unknown[]): unknown {
      for (let at = 0; at < count; at++) arguments_[at] = bind(arguments_[at]);
      return Reflect.apply(original, this, arguments_);
    },
  }[name] as Scheduler;
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'name' || key === 'length') continue;
    Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor);
  }
  Object.defineProperty(owner, name, { value: replacement, writable: true, configurable: true });
}
