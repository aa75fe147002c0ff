/**
 * What kernel and evaluator tell each other. Four kinds of traffic, all tagged by numbers so that any of it may overlap:
 * work for the evaluator's main thread, orders for its watchdog thread, and what the main thread says back.
 */
import type { JsonObject } from '../protocol/message.js';

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

/** Kernel → evaluator's watchdog thread (descriptor 5), which listens while the main thread is busy or blocked. */
export type WatchdogOrder = Interrupt | { readonly type: 'fence'; readonly number: number } | Answer;

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
      /** The main thread is blocked until the answer comes, so the watchdog must bring it. */
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
  /** The main thread has seen that interrupt: it is not stuck. */
  | { readonly type: 'interrupted'; readonly number: number }
  /** Everything written to descriptors 1 and 2 so far is to be delivered before the kernel answers with the same number. */
  | { readonly type: 'fence'; readonly number: number }
  | { readonly type: 'exiting'; readonly code: number };

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isString = (value: unknown): boolean => typeof value === 'string';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isStream = (value: unknown): boolean => value === 'stdout' || value === 'stderr';
const listOf = (item: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(item);
const optional = (check: (value: unknown) => boolean) => (value: unknown) => value === undefined || check(value);
const has = (shape: Shape) => (value: unknown) =>
  isObject(value) && Object.entries(shape).every(([key, check]) => check(value[key]));

const ERROR: Shape = { ename: isString, evalue: isString, traceback: listOf(isString) };
const SHAPES: Readonly<Record<EvaluatorMessage['type'], (value: unknown) => boolean>> = {
  ready: has({}),
  stream: has({ cell: isNumber, name: isStream, text: isString }),
  display: has({
    cell: isNumber,
    data: isObject,
    metadata: isObject,
    displayId: optional(isString),
    update: optional(isBoolean),
  }),
  error: has({ cell: isNumber, ...ERROR }),
  clear: has({ cell: isNumber, wait: isBoolean }),
  page: has({ cell: isNumber, data: isObject }),
  input: has({ cell: isNumber, question: isNumber, prompt: isString, password: isBoolean, blocking: isBoolean }),
  // Only comms: any other type would let user code speak in the kernel's own name.
  publish: has({
    cell: isNumber,
    msgType: (value) => typeof value === 'string' && /^comm_(open|msg|close)$/.test(value),
    content: isObject,
    metadata: isObject,
  }),
  done: has({
    id: isNumber,
    result: optional(has({ data: isObject, metadata: isObject })),
    error: optional(has(ERROR)),
    userExpressions: isObject,
  }),
  members: has({ id: isNumber, members: listOf(has({ name: isString, type: isString })) }),
  description: has({ id: isNumber, text: (value) => value === null || isString(value) }),
  interrupted: has({ number: isNumber }),
  fence: has({ number: isNumber }),
  exiting: has({ code: isNumber }),
};

/**
 * `value` as a message of the evaluator, which is treated as hostile: it runs foreign code.
 * Throws a `TypeError` that names the type, never the content.
 */
export function checkEvaluatorMessage(value: Readonly<Record<string, unknown>>): EvaluatorMessage {
  if (!isKnown(value)) throw new TypeError('a message of an unknown type');
  if (!isMessage(value)) throw new TypeError(`a malformed message of type ${value.type}`);
  return value;
}

function isKnown(value: object): value is { readonly type: EvaluatorMessage['type'] } {
  return 'type' in value && typeof value.type === 'string' && Object.hasOwn(SHAPES, value.type);
}

function isMessage(value: { readonly type: EvaluatorMessage['type'] }): value is EvaluatorMessage {
  return SHAPES[value.type](value);
}
