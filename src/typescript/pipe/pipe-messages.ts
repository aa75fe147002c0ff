/**
 * The messages between kernel and evaluator: requests to the evaluator's main thread, control messages to its control thread, and what
 * the evaluator sends back. All carry numbers, so that any of it may overlap.
 */
import type { JsonObject } from '../../protocol/message.js';
import { isObject } from '../../support/is-object.js';

/** Kernel → evaluator's main thread (descriptor 3). */
export type EvaluatorRequest =
  | {
      readonly type: 'execute';
      readonly id: number;
      readonly code: string;
      readonly executionCount: number;
      readonly silent: boolean;
      readonly userExpressions: Readonly<Record<string, string>>;
    }
  | { readonly type: 'members'; readonly id: number; readonly path: readonly PathStep[]; readonly prefix: string }
  | { readonly type: 'describe'; readonly id: number; readonly path: readonly PathStep[]; readonly detail: boolean }
  | Interrupt
  | Answer;

/** Stop what runs. `executions` are those that the kernel waits for: one that never arrived is answered as interrupted. */
export interface Interrupt {
  readonly type: 'interrupt';
  readonly number: number;
  readonly executions: readonly number[];
}

/** The reply to a question of {@link EvaluatorMessage} `input`. */
export type Answer = { readonly type: 'answer'; readonly question: number } & (
  { readonly value: string } | { readonly error: string; readonly interrupted: boolean }
);

/** Kernel → evaluator's control thread (descriptor 5), which listens while the main thread is busy or blocked. */
export type ControlMessage = Interrupt | { readonly type: 'outputBarrier'; readonly number: number } | Answer;

/** A step from one runtime value to the next: a property name, or a literal the path starts with. */
export type PathStep = { readonly key: string } | { readonly literal: 'string' | 'number' | 'array' | 'regexp' };

/** An error as it travels: what front ends show. */
export interface ErrorDescription {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A completion found among runtime values. */
export interface Member {
  readonly name: string;
  readonly type: string;
}

/** Evaluator → kernel (descriptor 4). `cell` is the number of the execution that caused it; 0 when none did. */
export type EvaluatorMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'stream'; readonly cell: number; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly type: 'display';
      readonly cell: number;
      readonly data: JsonObject;
      readonly metadata: JsonObject;
      readonly displayId?: string;
      readonly update?: boolean;
    }
  | ({ readonly type: 'error'; readonly cell: number } & ErrorDescription)
  | { readonly type: 'clear'; readonly cell: number; readonly wait: boolean }
  /** Something to read, which front ends show in a pager beside the notebook. */
  | { readonly type: 'page'; readonly cell: number; readonly data: JsonObject }
  | {
      readonly type: 'input';
      readonly cell: number;
      readonly question: number;
      readonly prompt: string;
      readonly password: boolean;
      /** The main thread is blocked until the answer comes, so the control thread must bring it. */
      readonly blocking: boolean;
    }
  | {
      readonly type: 'publish';
      readonly cell: number;
      readonly msgType: string;
      readonly content: JsonObject;
      readonly metadata: JsonObject;
    }
  | {
      readonly type: 'done';
      readonly id: number;
      readonly result?: { readonly data: JsonObject; readonly metadata: JsonObject };
      readonly error?: ErrorDescription;
      readonly userExpressions: JsonObject;
    }
  | { readonly type: 'members'; readonly id: number; readonly members: readonly Member[] }
  | { readonly type: 'description'; readonly id: number; readonly text: string | null }
  /** The main thread has handled that interrupt: it is not stuck. */
  | { readonly type: 'interrupted'; readonly number: number }
  /**
   * Everything written to descriptors 1 and 2 so far is to be delivered before the kernel answers with the same number. What is written
   * there from then on is the cell's, or that of the cell started last where it is 0.
   */
  | { readonly type: 'outputBarrier'; readonly number: number; readonly cell: number }
  /** The process is about to end because of that cell: with an exit code where it called `process.exit`. */
  | { readonly type: 'exiting'; readonly cell: number; readonly code?: number };

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

// The evaluator checks its own messages, where cells may have replaced anything: so what is below calls no methods.
const { isArray } = Array;
const { isSafeInteger } = Number;
const values: (of: object) => unknown[] = Object.values;
const isString: Check = (value) => typeof value === 'string';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isNumber: Check = (value) => isSafeInteger(value);
/** Deeper JSON than this exhausts the stack of what writes it (V8) or reads it (Python's `json`). */
const MAX_DEPTH = 500;
const isShallow = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  const found = values(value);
  for (let at = 0; at < found.length; at++) if (!isShallow(found[at], depth - 1)) return false;
  return true;
};
const isJson: Check = (value) => isObject(value) && isShallow(value, MAX_DEPTH);
const isStream: Check = (value) => value === 'stdout' || value === 'stderr';
/** Only comms: any other type would let user code speak in the kernel's own name. */
const isComm: Check = (value) => value === 'comm_open' || value === 'comm_msg' || value === 'comm_close';
const listOf =
  (item: Check): Check =>
  (value) => {
    if (!isArray(value)) return false;
    for (let at = 0; at < value.length; at++) if (!item(value[at])) return false;
    return true;
  };
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
/** Without a prototype, to which a cell could add. */
const bare = <T extends object>(shape: T): T => {
  Object.setPrototypeOf(shape, null);
  return shape;
};
const has = (shape: Shape): Check => {
  const checks = bare(shape);
  return (value) => {
    if (!isObject(value)) return false;
    for (const key in checks) if (checks[key]?.(value[key]) !== true) return false;
    return true;
  };
};

const ERROR: Shape = { ename: isString, evalue: isString, traceback: listOf(isString) };
const SHAPES: Readonly<Record<EvaluatorMessage['type'], Check>> = bare({
  ready: has({}),
  stream: has({ cell: isNumber, name: isStream, text: isString }),
  display: has({
    cell: isNumber,
    data: isJson,
    metadata: isJson,
    displayId: optional(isString),
    update: optional(isBoolean),
  }),
  error: has({ cell: isNumber, ...ERROR }),
  clear: has({ cell: isNumber, wait: isBoolean }),
  page: has({ cell: isNumber, data: isJson }),
  input: has({ cell: isNumber, question: isNumber, prompt: isString, password: isBoolean, blocking: isBoolean }),
  publish: has({
    cell: isNumber,
    msgType: isComm,
    content: isJson,
    metadata: isJson,
  }),
  done: has({
    id: isNumber,
    result: optional(has({ data: isJson, metadata: isJson })),
    error: optional(has(ERROR)),
    userExpressions: isJson,
  }),
  members: has({ id: isNumber, members: listOf(has({ name: isString, type: isString })) }),
  description: has({ id: isNumber, text: (value) => value === null || isString(value) }),
  interrupted: has({ number: isNumber }),
  outputBarrier: has({ number: isNumber, cell: isNumber }),
  exiting: has({ cell: isNumber, code: optional(isNumber) }),
});

/**
 * `value` as a message of the evaluator, which is treated as hostile: it runs foreign code.
 * Throws a `TypeError` that names the type, never the content.
 */
export function checkEvaluatorMessage(value: object): EvaluatorMessage {
  if (!isKnown(value)) throw new TypeError('a message of an unknown type');
  if (!isMessage(value)) throw new TypeError(`a malformed message of type ${value.type}`);
  return value;
}

function isKnown(value: object): value is { readonly type: EvaluatorMessage['type'] } {
  return 'type' in value && typeof value.type === 'string' && value.type in SHAPES;
}

function isMessage(value: { readonly type: EvaluatorMessage['type'] }): value is EvaluatorMessage {
  return SHAPES[value.type](value);
}
