/**
 * Looks at the values of cells without running any code of theirs: no getter is called, and no proxy is asked. So it is safe while a
 * cell waits, and while the user types.
 */
import { inspect, types } from 'node:util';
import type { Member, PathStep } from '../../pipe/pipe-messages.js';
import { exportsBehind } from '../modules/module-namespaces.js';
import { signatureOf } from './signature.js';

/** Taken now: cells may declare classes of these names. */
const { Array, ArrayBuffer, Function, Map, Number, Object, Reflect, RegExp, String } = globalThis;

/** Maximum number of members listed. */
const MAX_MEMBERS = 2000;
const MAX_PROTOTYPES = 100;

const LITERALS = {
  string: String.prototype,
  number: Number.prototype,
  array: Array.prototype,
  regexp: RegExp.prototype,
};

interface Found {
  readonly value: unknown;
}

/** The value at the end of a path that starts at a global variable or a literal; undefined where that needs running code. */
export function resolvePath(path: readonly PathStep[]): Found | undefined {
  let found: Found | undefined = { value: globalThis };
  for (const step of path) {
    if (found === undefined) return undefined;
    found = 'literal' in step ? { value: LITERALS[step.literal] } : readProperty(found.value, step.key);
  }
  return found;
}

/** The members of the value at a path whose names begin with `prefix`, own ones before inherited ones. */
export function membersOf(path: readonly PathStep[], prefix: string): Member[] {
  const found = resolvePath(path);
  const members = new Map<string, Member>();
  for (const holder of found === undefined ? [] : prototypeChain(found.value)) {
    for (const name of ownNames(holder)) {
      const isHidden = name.startsWith('__') && !prefix.startsWith('_');
      if (!name.startsWith(prefix) || members.has(name) || isHidden) continue;
      members.set(name, { name, type: typeOf(Object.getOwnPropertyDescriptor(holder, name)) });
      if (members.size === MAX_MEMBERS) return [...members.values()];
    }
  }
  return [...members.values()];
}

/** A description of the value at a path: its class and its content, or its signature; undefined if it is not found. */
export function describeValue(path: readonly PathStep[], isDetailed: boolean): string | undefined {
  const found = resolvePath(path);
  if (found === undefined) return undefined;
  const { value } = found;
  if (typeof value === 'function') {
    const source = Function.prototype.toString.call(value);
    return isDetailed || source.includes('[native code]') ? source : signatureOf(source);
  }
  // `inspect` calls no getters; own inspection methods would be code of the cell.
  const text = inspect(value, { depth: isDetailed ? 3 : 1, customInspect: false, breakLength: 100 });
  return `${className(value)}\n${text}`;
}

function readProperty(value: unknown, key: string): Found | undefined {
  for (const holder of prototypeChain(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor === undefined) continue;
    if ('value' in descriptor) return { value: descriptor.value };
    // Node defines some globals (`crypto`, `fetch`, …) by getters of its own, which are safe to call.
    const { get } = descriptor;
    const isSafe = holder === globalThis && get !== undefined && LAZY_GLOBALS.get(key) === get;
    return isSafe ? { value: Reflect.apply(get, globalThis, []) } : undefined;
  }
  return undefined;
}

const LAZY_GLOBALS = new Map(
  Object.entries(Object.getOwnPropertyDescriptors(globalThis)).flatMap(([key, { get }]) =>
    get === undefined ? [] : [[key, get] as const],
  ),
);

function* prototypeChain(value: unknown): Iterable<object> {
  if (value === null || value === undefined) return;
  let holder: object | null = Object(value) as object;
  for (let depth = 0; holder !== null && depth < MAX_PROTOTYPES; depth++) {
    if (types.isProxy(holder)) {
      const exports = exportsBehind(holder);
      if (exports === undefined || types.isProxy(exports)) return;
      holder = exports;
    }
    yield holder;
    holder = Object.getPrototypeOf(holder) as object | null;
  }
}

/** Leaves out the indices of elements: there may be millions, and they are no use as completions. */
function ownNames(holder: object): readonly string[] {
  if (ArrayBuffer.isView(holder) || (types.isStringObject(holder) && holder !== String.prototype)) return [];
  if (Array.isArray(holder))
    return holder.length > MAX_MEMBERS
      ? ['length']
      : Object.getOwnPropertyNames(holder).filter((name) => !/^\d+$/.test(name));
  return Object.getOwnPropertyNames(holder);
}

function typeOf(descriptor: PropertyDescriptor | undefined): string {
  if (descriptor === undefined || !('value' in descriptor)) return 'property';
  const value: unknown = descriptor.value;
  if (typeof value === 'function') {
    const prototype = types.isProxy(value) ? undefined : Object.getOwnPropertyDescriptor(value, 'prototype');
    return prototype?.writable === false ? 'class' : 'function';
  }
  if (types.isModuleNamespaceObject(value)) return 'module';
  return 'instance';
}

function className(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const found = readProperty(value, 'constructor')?.value;
  return typeof found === 'function' && !types.isProxy(found) ? found.name || 'object' : 'object';
}
