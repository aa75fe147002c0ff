/**
 * The messages between kernel and evaluator: requests to the evaluator's main thread, control messages to its control thread, and what
 * the evaluator sends back. All carry numbers, so that any of it may overlap.
 */
import type { JsonObject } from '../../protocol/message.js';
import type { DefinedOnly } from '../../support/defined-only.js';
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

/** Whether a value is a `T`. */
type Check<T> = (value: unknown) => value is T;
type Shape = Readonly<Record<string, Check<unknown>>>;
type Fields<S extends Shape> = Readonly<DefinedOnly<{ [Name in keyof S]: S[Name] extends Check<infer T> ? T : never }>>;

// The evaluator checks its own messages, where cells may have replaced anything: so what is below calls no methods.
const { isArray } = Array;
const { isSafeInteger } = Number;
const values: (of: object) => unknown[] = Object.values;
const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isNumber = (value: unknown): value is number => isSafeInteger(value);
/** Deeper JSON than this exhausts the stack of what writes it (V8) or reads it (Python's `json`). */
const MAX_DEPTH = 500;
const isShallow = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  const found = values(value);
  for (let at = 0; at < found.length; at++) if (!isShallow(found[at], depth - 1)) return false;
  return true;
};
const isJson = (value: unknown): value is JsonObject => isObject(value) && isShallow(value, MAX_DEPTH);
const oneOf =
  <T extends string>(...allowed: readonly T[]): Check<T> =>
  (value): value is T => {
    for (let at = 0; at < allowed.length; at++) if (allowed[at] === value) return true;
    return false;
  };
const listOf =
  <T>(item: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] => {
    if (!isArray(value)) return false;
    for (let at = 0; at < value.length; at++) if (!item(value[at])) return false;
    return true;
  };
const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || check(value);
/** Without a prototype, to which a cell could add. */
const bare = <T extends object>(shape: T): T => {
  Object.setPrototypeOf(shape, null);
  return shape;
};
const has = <S extends Shape>(shape: S): Check<Fields<S>> => {
  const checks = bare(shape);
  return (value): value is Fields<S> => {
    if (!isObject(value)) return false;
    for (const key in checks) if (checks[key]?.(value[key]) !== true) return false;
    return true;
  };
};

/** Only comms may be published: any other type would let user code speak in the kernel's own name. */
export const isComm = oneOf('comm_open', 'comm_msg', 'comm_close');

const MEMBER = { name: isString, type: isString };
const ERROR = { ename: isString, evalue: isString, traceback: listOf(isString) };

/** The messages by their type. `cell` is the number of the execution that caused it; 0 when none did. */
const MESSAGES = bare({
  ready: has({}),
  stream: has({ cell: isNumber, name: oneOf('stdout', 'stderr'), text: isString }),
  display: has({
    cell: isNumber,
    data: isJson,
    metadata: isJson,
    displayId: optional(isString),
    update: optional(isBoolean),
  }),
  error: has({ cell: isNumber, ...ERROR }),
  clear: has({ cell: isNumber, wait: isBoolean }),
  /** Something to read, which front ends show in a pager beside the notebook. */
  page: has({ cell: isNumber, data: isJson }),
  /** A question. While `blocking`, the main thread is blocked until the answer comes, so the control thread must bring it. */
  input: has({ cell: isNumber, question: isNumber, prompt: isString, password: isBoolean, blocking: isBoolean }),
  publish: has({ cell: isNumber, msgType: isComm, content: isJson, metadata: isJson }),
  done: has({
    id: isNumber,
    result: optional(has({ data: isJson, metadata: isJson })),
    error: optional(has(ERROR)),
    userExpressions: isJson,
  }),
  members: has({ id: isNumber, members: listOf(has(MEMBER)) }),
  description: has({ id: isNumber, text: (value): value is string | null => value === null || isString(value) }),
  /** The main thread has handled that interrupt: it is not stuck. */
  interrupted: has({ number: isNumber }),
  /**
   * Everything written to descriptors 1 and 2 so far is to be delivered before the kernel answers with the same number. What is written
   * there from then on is the cell's, or that of the cell started last where it is 0.
   */
  outputBarrier: has({ number: isNumber, cell: isNumber }),
  /** The process is about to end because of that cell: with an exit code where it called `process.exit`. */
  exiting: has({ cell: isNumber, code: optional(isNumber) }),
});

type MessageType = keyof typeof MESSAGES;

/** Evaluator → kernel (descriptor 4). */
export type EvaluatorMessage = {
  [Type in MessageType]: { readonly type: Type } & ((typeof MESSAGES)[Type] extends Check<infer T> ? T : never);
}[MessageType];

/** An error as it travels: what front ends show. */
export type ErrorDescription = Fields<typeof ERROR>;

/** A completion found among runtime values. */
export type Member = Fields<typeof MEMBER>;

/**
 * `value` as a message of the evaluator, which is treated as hostile: it runs foreign code.
 * Throws a `TypeError` that names the type, never the content.
 */
export function checkEvaluatorMessage(value: object): EvaluatorMessage {
  if (!isKnown(value)) throw new TypeError('a message of an unknown type');
  if (!isMessage(value)) throw new TypeError(`a malformed message of type ${value.type}`);
  return value;
}

const isKnown = (value: object): value is { readonly type: MessageType } =>
  'type' in value && typeof value.type === 'string' && value.type in MESSAGES;

const isMessage = (value: { readonly type: MessageType }): value is EvaluatorMessage => MESSAGES[value.type](value);
